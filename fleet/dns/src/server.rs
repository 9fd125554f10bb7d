//! Exchanges with a name server, over TCP (RFC 7766): nothing is cut short there, and nobody
//! from afar answers in its place.

use crate::DnsFailure;
use crate::chain::Chain;
use crate::messages::is_answer;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::TSigner;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A name server that takes longer is not at work.
const PATIENCE: Duration = Duration::from_secs(10);

/// A zone of a million records takes a quarter of that.
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// A name server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Server(pub(crate) SocketAddr);

impl Server {
    /// Asks.
    pub(crate) async fn ask(self, message: &Message) -> Result<Message, DnsFailure> {
        let bytes = message.to_vec().map_err(|err| self.nonsense(err))?;
        let answer = self.exchange(&bytes).await?;
        let answer = Message::from_vec(&answer).map_err(|err| self.nonsense(err))?;
        self.fitting(message, answer)
    }

    /// Asks with a signature, and believes no answer that has none.
    pub(crate) async fn tell(
        self,
        mut message: Message,
        key: &TSigner,
    ) -> Result<Message, DnsFailure> {
        let (now_s, mac) = self.sign(&mut message, key)?;
        let bytes = message.to_vec().map_err(|err| self.nonsense(err))?;
        let bytes = self.exchange(&bytes).await?;
        let answer = Message::from_vec(&bytes).map_err(|err| self.nonsense(err))?;
        let answer = self.fitting(&message, answer)?;
        // Who does not know the key cannot sign that he does not (RFC 8945 §5.3.2).
        let said = answer.metadata.response_code;
        let unsigned = |why| DnsFailure::Unsigned { server: self.0, said, why };
        Chain::new(key, now_s, mac).next(bytes, &answer).map_err(unsigned)?;
        Ok(answer)
    }

    /// Asks with a signature for what takes several messages, and hands each to `take`, which says
    /// whether it was the last one. What `take` is handed is to be believed once this has succeeded.
    pub(crate) async fn ask_for_many(
        self,
        mut message: Message,
        key: &TSigner,
        mut take: impl FnMut(Message) -> Result<bool, DnsFailure>,
    ) -> Result<(), DnsFailure> {
        let (now_s, mac) = self.sign(&mut message, key)?;
        let bytes = message.to_vec().map_err(|err| self.nonsense(err))?;
        let mut stream = self.in_time(self.begin(&bytes)).await?;
        let (mut chain, mut left) = (Chain::new(key, now_s, mac), MAX_ANSWER_BYTES);
        loop {
            let bytes = self.in_time(receive(&mut stream)).await?;
            left = left.checked_sub(bytes.len()).ok_or_else(|| self.nonsense("it does not end"))?;
            let answer = Message::from_vec(&bytes).map_err(|err| self.nonsense(err))?;
            let answer = self.fitting(&message, answer)?;
            let said = answer.metadata.response_code;
            let unsigned = |why| DnsFailure::Unsigned { server: self.0, said, why };
            // Who has no such zone may not look at the key. It is a refusal, whoever says it.
            let is_refusal = said != ResponseCode::NoError && answer.signature().is_none();
            if !is_refusal {
                chain.next(bytes, &answer).map_err(unsigned)?;
            }
            if take(answer)? {
                let is_signed = chain.is_signed();
                return is_signed.then_some(()).ok_or_else(|| unsigned("no signature".to_owned()));
            }
        }
    }

    /// When that was, and the signature.
    fn sign(self, message: &mut Message, key: &TSigner) -> Result<(u64, Vec<u8>), DnsFailure> {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now_s = since_1970.map_or(0, |since| since.as_secs());
        message.finalize(key, now_s).map_err(|err| self.nonsense(err))?;
        let mac = message.signature().map(|it| it.data.mac.clone()).unwrap_or_default();
        Ok((now_s, mac))
    }

    fn fitting(self, asked: &Message, answer: Message) -> Result<Message, DnsFailure> {
        if is_answer(asked, &answer) {
            Ok(answer)
        } else {
            Err(self.nonsense("an answer to something else"))
        }
    }

    async fn exchange(self, message: &[u8]) -> Result<Vec<u8>, DnsFailure> {
        self.in_time(async {
            let mut stream = self.begin(message).await?;
            receive(&mut stream).await
        })
        .await
    }

    async fn in_time<T>(
        self,
        work: impl Future<Output = std::io::Result<T>>,
    ) -> Result<T, DnsFailure> {
        let away = |why: String| DnsFailure::Away { server: self.0, why };
        match timeout(PATIENCE, work).await {
            Ok(done) => done.map_err(|err| away(err.to_string())),
            Err(_) => Err(away(format!("no answer within {} s", PATIENCE.as_secs()))),
        }
    }

    /// A message has its length before it, in two bytes: none is longer than that allows.
    async fn begin(self, message: &[u8]) -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.0).await?;
        let length = u16::try_from(message.len()).map_err(std::io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), message].concat()).await?;
        Ok(stream)
    }

    pub(crate) fn nonsense(self, why: impl std::fmt::Display) -> DnsFailure {
        DnsFailure::Nonsense { server: self.0, why: why.to_string() }
    }
}

async fn receive(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}
