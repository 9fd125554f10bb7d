//! What a card on PCI says of itself (Vital Product Data, PCI Local Bus specification 3.0, appendix I).

/// The name of the card; what it says that nobody may change; the end.
const NAME: u8 = 0x82;
const READ_ONLY: u8 = 0x90;
const END: u8 = 0x78;

/// What a card says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Vpd {
    pub(super) name: Option<String>,
    pub(super) serial: Option<String>,
    pub(super) part_number: Option<String>,
    pub(super) maker: Option<String>,
}

/// Reads it as far as it can be read.
pub(super) fn parse(mut octets: &[u8]) -> Vpd {
    let mut vpd = Vpd::default();
    while let [tag, rest @ ..] = octets {
        if *tag == END {
            break;
        }
        // Short resources have their length in the tag.
        let taken = match (tag & 0x80 != 0, rest) {
            (true, [low, high, rest @ ..]) => {
                rest.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))
            }
            (true, _) => None,
            (false, rest) => rest.split_at_checked(usize::from(tag & 7)),
        };
        let Some((said, rest)) = taken else { break };
        match *tag {
            NAME => vpd.name = Some(text(said)),
            READ_ONLY => vpd.take(said),
            _ => {}
        }
        octets = rest;
    }
    vpd
}

impl Vpd {
    /// Two letters say what it is, then comes how long it is, and it.
    fn take(&mut self, mut fields: &[u8]) {
        while let [a, b, length, rest @ ..] = fields {
            let Some((said, rest)) = rest.split_at_checked(usize::from(*length)) else { return };
            let place = match [*a, *b] {
                [b'S', b'N'] => Some(&mut self.serial),
                [b'P', b'N'] => Some(&mut self.part_number),
                [b'M', b'N'] => Some(&mut self.maker),
                _ => None,
            };
            place.into_iter().for_each(|place| *place = Some(text(said)));
            fields = rest;
        }
    }
}

fn text(said: &[u8]) -> String {
    String::from_utf8_lossy(said).into_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a card would say.
    pub(in crate::machine) fn vpd(name: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let long = |tag: u8, said: &[u8]| {
            let length = u16::try_from(said.len()).expect("short").to_le_bytes();
            [&[tag], &length[..], said].concat()
        };
        let field = |(what, said): &(&str, &str)| {
            [what.as_bytes(), &[u8::try_from(said.len()).expect("short")], said.as_bytes()].concat()
        };
        let fields: Vec<u8> = fields.iter().flat_map(field).collect();
        [long(NAME, name.as_bytes()), long(READ_ONLY, &fields), vec![END]].concat()
    }

    #[test]
    fn a_card_says_which_one_it_is() {
        let fields = [("PN", "MODEL-2"), ("EC", "A3"), ("SN", "MT1 "), ("MN", "A Maker")];
        let read = parse(&vpd("A card with two ports", &fields));
        assert_eq!(read.name.as_deref(), Some("A card with two ports"));
        assert_eq!(read.serial.as_deref(), Some("MT1 "));
        assert_eq!(read.part_number.as_deref(), Some("MODEL-2"));
        assert_eq!(read.maker.as_deref(), Some("A Maker"));
        // Cut off in the middle of its second field.
        let cut = parse(&[&[READ_ONLY, 9, 0][..], b"SN\x02AB", b"PN\x09C"].concat());
        assert_eq!((cut.serial.as_deref(), cut.part_number), (Some("AB"), None));
    }

    proptest! {
        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&octets);
        }

        #[test]
        fn what_was_cut_or_changed_is_read(cut in 0_usize..80, at in 0_usize..80, octet: u8) {
            let mut octets = vpd("A card", &[("PN", "MODEL-2"), ("SN", "MT1"), ("V0", "x")]);
            octets.truncate(cut);
            octets.iter_mut().skip(at).take(1).for_each(|it| *it = octet);
            let _ = parse(&octets);
        }
    }
}
