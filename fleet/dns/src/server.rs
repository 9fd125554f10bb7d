//! One exchange with a name server, over TCP (RFC 7766): nothing is cut short there, and nobody
//! from afar answers in its place.

use crate::DnsFailure;
use crate::messages::is_answer;
use hickory_proto::op::Message;
use hickory_proto::rr::TSigner;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A name server that takes longer is not at work.
const PATIENCE: Duration = Duration::from_secs(10);

/// A name server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server(pub(super) SocketAddr);

impl Server {
    /// Asks.
    pub(super) async fn ask(self, message: &Message) -> Result<Message, DnsFailure> {
        let bytes = message.to_vec().map_err(|err| self.nonsense(err))?;
        let answer = self.exchange(&bytes).await?;
        let answer = Message::from_vec(&answer).map_err(|err| self.nonsense(err))?;
        self.fitting(message, answer)
    }

    /// Asks with a signature, and believes no answer that has none.
    pub(super) async fn tell(
        self,
        mut message: Message,
        key: &TSigner,
    ) -> Result<Message, DnsFailure> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now_s = since_1970.map_or(0, |since| since.as_secs());
        let verifier = message.finalize(key, now_s).map_err(|err| self.nonsense(err))?;
        let bytes = message.to_vec().map_err(|err| self.nonsense(err))?;
        let bytes = self.exchange(&bytes).await?;
        let answer = Message::from_vec(&bytes).map_err(|err| self.nonsense(err))?;
        let answer = self.fitting(&message, answer)?;
        // Who does not know the key cannot sign that he does not (RFC 8945 §5.3.2).
        let Some(mut verifier) = verifier else { return Err(self.nonsense("no signature")) };
        match verifier.verify(&bytes) {
            Ok(_) => Ok(answer),
            Err(err) => Err(DnsFailure::Unsigned {
                server: self.0,
                said: answer.metadata.response_code,
                why: err.to_string(),
            }),
        }
    }

    fn fitting(self, asked: &Message, answer: Message) -> Result<Message, DnsFailure> {
        if is_answer(asked, &answer) {
            Ok(answer)
        } else {
            Err(self.nonsense("an answer to something else"))
        }
    }

    async fn exchange(self, message: &[u8]) -> Result<Vec<u8>, DnsFailure> {
        let away = |why: String| DnsFailure::Away { server: self.0, why };
        match timeout(PATIENCE, self.over_tcp(message)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(err)) => Err(away(err.to_string())),
            Err(_) => Err(away(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    /// A message has its length before it, in two bytes: none is longer than that allows.
    async fn over_tcp(self, message: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.0).await?;
        let length = u16::try_from(message.len()).map_err(std::io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), message].concat()).await?;
        let length = stream.read_u16().await?;
        let mut answer = vec![0; usize::from(length)];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    }

    fn nonsense(self, why: impl std::fmt::Display) -> DnsFailure {
        DnsFailure::Nonsense { server: self.0, why: why.to_string() }
    }
}
