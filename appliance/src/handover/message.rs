//! What the two processes say to each other, and what goes along as descriptors.

use cache::DiskHandover;
use serde::{Deserialize, Serialize};
use serve::{Door, Inherited, TicketSecrets};
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

/// Raised when the meaning of a message changes; fields may be added without.
pub(super) const PROTOCOL: u32 = 1;

/// The longest message: a name for each of 50,000 files that are leaving.
pub(super) const MAX_BYTES: u32 = 4 << 20;

/// The most descriptors of a message: 20 addresses with 200 threads each.
pub(super) const MAX_DESCRIPTORS: u32 = 4096;

/// How many octets say how long a message is, and how many descriptors come behind it.
pub(super) const HEADER: usize = 8;

/// A message.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Message {
    /// The new process is there, and its configuration makes sense.
    Hello { protocol: u32, version: String },
    /// What the new process gets.
    Handover(Handover),
    /// All is open; at these addresses the new process will accept.
    Ready { kept: Vec<SocketAddr> },
    /// The old process has given up.
    Go,
    /// The new process will end.
    Failed { reason: String },
}

/// What the descriptors behind a message are, in this order.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Handover {
    doors: Vec<PassedDoor>,
    disks: Vec<PassedDisk>,
    tickets: TicketSecrets,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PassedDoor {
    asked: SocketAddr,
    sockets: usize,
}

/// One descriptor, that of the lock.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PassedDisk {
    leaving: Vec<String>,
}

/// What a process has from the one before; of nothing, when there was none.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Every listening socket, and the keys of tickets.
    pub(crate) serving: Inherited,
    /// The disks.
    pub(crate) disks: Vec<DiskHandover>,
}

/// A message that is none.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum BadMessage {
    #[error("a message of {bytes} bytes with {descriptors} descriptors is too large")]
    TooLarge { bytes: u64, descriptors: u64 },
    #[error("a message that cannot be read: {0}")]
    Unreadable(String),
    #[error("{found} descriptors came where {named} were named")]
    Descriptors { named: usize, found: usize },
}

/// The sizes that a header says, within the limits.
pub(super) fn sizes(header: [u8; HEADER]) -> Result<(usize, usize), BadMessage> {
    let [a, b, c, d, e, f, g, h] = header;
    let (bytes, descriptors) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    check(bytes.into(), descriptors.into())?;
    Ok((bytes as usize, descriptors as usize))
}

fn check(bytes: u64, descriptors: u64) -> Result<(), BadMessage> {
    if bytes > MAX_BYTES.into() || descriptors > MAX_DESCRIPTORS.into() {
        return Err(BadMessage::TooLarge { bytes, descriptors });
    }
    Ok(())
}

impl Message {
    /// Header and text; the descriptors follow.
    pub(super) fn encode(&self, descriptors: usize) -> Result<Vec<u8>, BadMessage> {
        let text =
            serde_json::to_vec(self).map_err(|err| BadMessage::Unreadable(err.to_string()))?;
        check(text.len() as u64, descriptors as u64)?;
        let size = |size: usize| u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes();
        Ok([&size(text.len())[..], &size(descriptors), &text].concat())
    }

    pub(super) fn decode(text: &[u8]) -> Result<Self, BadMessage> {
        serde_json::from_slice(text).map_err(|err| BadMessage::Unreadable(err.to_string()))
    }
}

impl Handover {
    /// Takes everything apart, for the way.
    pub(super) fn pack(serving: Inherited, disks: Vec<DiskHandover>) -> (Self, Vec<OwnedFd>) {
        let mut handover = Self { tickets: serving.tickets, ..Self::default() };
        let mut descriptors = Vec::new();
        for Door { asked, sockets } in serving.doors {
            handover.doors.push(PassedDoor { asked, sockets: sockets.len() });
            descriptors.extend(sockets.into_iter().map(OwnedFd::from));
        }
        for DiskHandover { lock, leaving } in disks {
            handover.disks.push(PassedDisk { leaving });
            descriptors.push(lock.into());
        }
        (handover, descriptors)
    }

    /// Puts everything together again.
    pub(super) fn unpack(self, descriptors: Vec<OwnedFd>) -> Result<Taken, BadMessage> {
        let sockets = self.doors.iter().map(|door| door.sockets);
        let named = sockets.fold(self.disks.len(), usize::saturating_add);
        let found = descriptors.len();
        if named != found {
            return Err(BadMessage::Descriptors { named, found });
        }
        let mut descriptors = descriptors.into_iter();
        let doors = self.doors.into_iter().map(|PassedDoor { asked, sockets }| {
            let sockets = descriptors.by_ref().take(sockets).map(TcpListener::from).collect();
            Door { asked, sockets }
        });
        let serving = Inherited { doors: doors.collect(), tickets: self.tickets };
        let disks = self.disks.into_iter().zip(descriptors);
        let disks = disks
            .map(|(PassedDisk { leaving }, lock)| DiskHandover { lock: File::from(lock), leaving });
        Ok(Taken { serving, disks: disks.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(frame: &[u8]) -> Result<(Message, usize), BadMessage> {
        let (header, text) = frame.split_first_chunk().expect("a header");
        let (bytes, descriptors) = sizes(*header)?;
        assert_eq!(text.len(), bytes);
        Ok((Message::decode(text)?, descriptors))
    }

    #[test]
    fn what_is_said_arrives() {
        let at = "[::1]:443".parse().expect("address");
        let handover = Handover {
            doors: vec![PassedDoor { asked: at, sockets: 3 }],
            disks: vec![PassedDisk { leaving: vec!["objects/ab/abcd.7".to_owned()] }],
            ..Handover::default()
        };
        for (message, descriptors) in [
            (Message::Hello { protocol: PROTOCOL, version: "1.2.3".to_owned() }, 0),
            (Message::Handover(handover), 4),
            (Message::Ready { kept: vec![at] }, 0),
            (Message::Go, 0),
            (Message::Failed { reason: "no".to_owned() }, 0),
        ] {
            let frame = message.encode(descriptors).expect("fits");
            assert_eq!(read(&frame), Ok((message, descriptors)));
        }
    }

    #[test]
    fn the_form_of_a_message_is_the_same_in_every_version() {
        let hello = Message::Hello { protocol: 1, version: "0.1.0".to_owned() };
        let frame = hello.encode(0).expect("fits");
        let text = r#"{"hello":{"protocol":1,"version":"0.1.0"}}"#;
        assert_eq!(frame, [&[0, 0, 0, 42, 0, 0, 0, 0], text.as_bytes()].concat());
        // What a newer version adds is passed over.
        let newer = br#"{"ready":{"kept":[],"more":1}}"#;
        assert_eq!(Message::decode(newer), Ok(Message::Ready { kept: Vec::new() }));
    }

    #[test]
    fn garbage_and_what_is_too_large_is_refused() {
        for text in [&b""[..], b"{}", b"\"gone\"", b"\xff\xfe", b"{\"ready\":{\"kept\":[1]}}"] {
            assert!(matches!(Message::decode(text), Err(BadMessage::Unreadable(_))), "{text:?}");
        }
        for header in [[0, 0x40, 0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0x10, 1], *b"GET / HT"] {
            assert!(matches!(sizes(header), Err(BadMessage::TooLarge { .. })), "{header:?}");
        }
        let long = Message::Failed { reason: "x".repeat(MAX_BYTES as usize) };
        assert!(matches!(long.encode(0), Err(BadMessage::TooLarge { .. })));
        assert!(matches!(Message::Go.encode(5000), Err(BadMessage::TooLarge { .. })));
    }

    #[test]
    fn descriptors_come_back_as_what_they_were_and_none_may_be_missing() {
        let listen = || TcpListener::bind("127.0.0.1:0").expect("bound");
        let asked = "127.0.0.1:0".parse().expect("address");
        let doors = vec![
            Door { asked, sockets: vec![listen(), listen()] },
            Door { asked, sockets: vec![listen()] },
        ];
        let at = |doors: &[Door]| -> Vec<_> {
            let sockets = doors.iter().flat_map(|door| &door.sockets);
            sockets.map(|socket| socket.local_addr().expect("address")).collect()
        };
        let before = at(&doors);
        let lock = tempfile::tempfile().expect("file");
        let leaving = vec!["objects/ab/abcd.7".to_owned()];
        let disks = vec![DiskHandover { lock, leaving: leaving.clone() }];
        let serving = Inherited { doors, ..Inherited::default() };
        let (handover, descriptors) = Handover::pack(serving, disks);
        assert_eq!(descriptors.len(), 4);
        let taken = handover.unpack(descriptors).expect("whole");
        assert_eq!(at(&taken.serving.doors), before);
        assert_eq!(taken.disks[0].leaving, leaving);

        let (handover, mut descriptors) = Handover::pack(taken.serving, taken.disks);
        descriptors.pop();
        let missing = handover.unpack(descriptors).err();
        assert_eq!(missing, Some(BadMessage::Descriptors { named: 4, found: 3 }));
        let greedy = PassedDoor { asked, sockets: usize::MAX };
        let disks = vec![PassedDisk { leaving: vec![] }];
        let greedy = Handover { doors: vec![greedy], disks, ..Handover::default() };
        assert!(greedy.unpack(Vec::new()).is_err());
    }
}
