//! Common Media Client Data (CTA-5004, version 1): what a player says of its playback.
//!
//! It comes in four header fields or in the `CMCD` query argument, which is the default of
//! hls.js and dash.js. It is client input: nothing here ever fails a request. A key that
//! cannot be read is left out, a text beyond its limit ends the reading, and what nobody
//! here uses (`nor`, `nrr`, `cid`, custom keys) is not kept.

use super::octets::{Escaped, Octets, Plain};
use super::request::Request;
use super::stack_text::StackText;
use serde::Serialize;

/// The most octets read from one field or argument; a full set of keys takes some 400.
const MAX_OCTETS: usize = 2048;

/// The longest session id (CTA-5004 §3.1: 64 characters).
pub const MAX_SESSION_LEN: usize = 64;

/// What is kept. Names and units are those of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Cmcd {
    /// Encoded bitrate, kbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub br: Option<u32>,
    /// Buffer length, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bl: Option<u32>,
    /// The buffer ran empty since the last request.
    #[serde(skip_serializing_if = "is_false")]
    pub bs: bool,
    /// Object duration, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub d: Option<u32>,
    /// Deadline, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dl: Option<u32>,
    /// Measured throughput, kbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtp: Option<u32>,
    /// Object type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ot: Option<ObjectType>,
    /// Playback rate; 1 when not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pr: Option<f32>,
    /// Requested maximum throughput, kbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rtp: Option<u32>,
    /// Streaming format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sf: Option<StreamingFormat>,
    /// Live or on demand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub st: Option<StreamType>,
    /// Needed at once: start, seek or recovery.
    #[serde(skip_serializing_if = "is_false")]
    pub su: bool,
    /// Top bitrate, kbit/s.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tb: Option<u32>,
    /// Session id. Leaves this struct as a daily-keyed hash only.
    #[serde(skip)]
    pub sid: Option<StackText<MAX_SESSION_LEN>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

macro_rules! token {
    ($(#[$doc:meta])* $type:ident { $($(#[$what:meta])* $name:ident = $token:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        pub enum $type { $($(#[$what])* #[serde(rename = $token)] $name),* }

        impl $type {
            fn of(token: &str) -> Option<Self> {
                match token {
                    $($token => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

token!(
    /// `ot`: what is asked for.
    ObjectType {
        /// A playlist or MPD.
        Manifest = "m",
        /// Audio.
        Audio = "a",
        /// Video.
        Video = "v",
        /// Audio and video together.
        Muxed = "av",
        /// An initialisation segment.
        Init = "i",
        /// Captions.
        Captions = "c",
        /// Timed text in ISO BMFF.
        TimedText = "tt",
        /// A key or licence.
        Key = "k",
        /// Something else.
        Other = "o",
    }
);

token!(
    /// `sf`: how it is streamed.
    StreamingFormat {
        /// DASH.
        Dash = "d",
        /// HLS.
        Hls = "h",
        /// Smooth Streaming.
        Smooth = "s",
        /// Another.
        Other = "o",
    }
);

token!(
    /// `st`: where the end is.
    StreamType {
        /// On demand.
        OnDemand = "v",
        /// Live.
        Live = "l",
    }
);

impl Cmcd {
    /// Reads what a request says, from all five places; `None` when it says nothing.
    #[must_use]
    pub fn of(request: &Request<'_>) -> Option<Self> {
        let mut cmcd = Self::default();
        for field in request.fields.cmcd {
            if let Some(value) = field.value() {
                cmcd.read(&mut Octets::new(Plain(value), MAX_OCTETS));
            }
        }
        if let Some(value) = request.query().and_then(argument) {
            cmcd.read(&mut Octets::new(Escaped(value), MAX_OCTETS));
        }
        (cmcd != Self::default()).then_some(cmcd)
    }

    /// Reads `key[=value]` pairs between commas.
    fn read(&mut self, octets: &mut Octets<impl Iterator<Item = u8>>) {
        while octets.peek().is_some() {
            let key = octets.word::<8>();
            match octets.peek() {
                Some(b'=') => {
                    octets.skip();
                    self.take_value(key, octets);
                }
                _ => self.take_flag(key),
            }
            octets.skip_past_comma();
        }
    }

    fn take_flag(&mut self, key: Option<StackText<8>>) {
        match key.as_ref().map(StackText::as_str) {
            Some("bs") => self.bs = true,
            Some("su") => self.su = true,
            _ => {}
        }
    }

    fn take_value(
        &mut self,
        key: Option<StackText<8>>,
        octets: &mut Octets<impl Iterator<Item = u8>>,
    ) {
        if octets.peek() == Some(b'"') {
            let text = octets.quoted();
            if key.is_some_and(|key| key.as_str() == "sid") {
                self.sid = text;
            }
            return;
        }
        let value = octets.word::<24>();
        let Some((key, value)) = key.zip(value) else { return };
        let value = value.as_str();
        let number = || value.parse().ok();
        match key.as_str() {
            "br" => self.br = number(),
            "bl" => self.bl = number(),
            "d" => self.d = number(),
            "dl" => self.dl = number(),
            "mtp" => self.mtp = number(),
            "rtp" => self.rtp = number(),
            "tb" => self.tb = number(),
            "pr" => self.pr = value.parse().ok().filter(|rate: &f32| (0.0..=64.0).contains(rate)),
            "ot" => self.ot = ObjectType::of(value),
            "sf" => self.sf = StreamingFormat::of(value),
            "st" => self.st = StreamType::of(value),
            _ => {}
        }
    }
}

/// The value of the first `CMCD` argument, still percent-encoded.
fn argument(query: &str) -> Option<&[u8]> {
    query.split('&').find_map(|argument| argument.strip_prefix("CMCD=")).map(str::as_bytes)
}

#[cfg(test)]
#[path = "cmcd_tests.rs"]
mod tests;
