//! Request files, good and bad, and arbitrary ones.

use tests::byte_miss::sequences::chance::Chance;
use tests::byte_miss::trace::{self, Why};
use tests::effort::times;

#[test]
fn fields_stand_between_tabs_commas_or_spaces() {
    for text in [
        "1\ta\t10\n2.5\tb\t20\n2.5\ta\t10\n",
        "1 a 10\n2.5 b 20\n2.5 a 10",
        "1,a,10\r\n2.5, b, 20\r\n2.5,a,10\r\n",
    ] {
        for before in ["", "time key size\n", "# made by hand\n\n", "\u{feff}"] {
            let sequence = trace::read("t", format!("{before}{text}").as_bytes()).expect("good");
            assert_eq!(sequence.requests.len(), 3);
            assert_eq!(sequence.sizes.total_bytes(), 30);
        }
    }
}

#[test]
fn requests_are_replayed_by_their_time() {
    let sequence = trace::read("t", &b"3 a 1\n1 b 2\n3 c 3\n2 d 4\n"[..]).expect("good");
    let objects = sequence.requests.iter().map(|request| sequence.sizes.of(request.object));
    assert_eq!(objects.collect::<Vec<u64>>(), [2, 4, 1, 3]);
}

#[test]
fn every_complaint_has_a_line() {
    let long = format!("1 a 1\n2 {} 1\n", "x".repeat(4096));
    let cases = [
        ("", "line 1: the file ends without a request"),
        ("time key size\n", "line 2: the file ends without a request"),
        ("1 a 1\nnoon a 1\n", "line 2: \"noon\" is no time in seconds"),
        ("1 a 1\nnan a 1\n", "line 2: \"nan\" is no time in seconds"),
        ("1 a\n", "line 1: 2 fields: time, key and size in bytes are wanted"),
        ("1 a 1 1\n", "line 1: 4 fields: time, key and size in bytes are wanted"),
        ("1 a -1\n", "line 1: \"-1\" is no size in bytes, up to 1099511627776"),
        ("1 a 1\n\n2 b 1x\n", "line 3: \"1x\" is no size in bytes, up to 1099511627776"),
        (&long, "line 2: longer than 4096 bytes"),
    ];
    for (text, complaint) in cases {
        let bad = trace::read("t", text.as_bytes()).expect_err(complaint);
        assert_eq!(bad.to_string(), complaint);
    }
    let bad = trace::read("t", &b"1 a 1\n2 \xff 1\n"[..]).expect_err("not text");
    assert!(matches!(bad.why, Why::NotText));
}

#[test]
fn whatever_a_file_holds_it_is_read_or_refused() {
    let octets = b"0123456789.,\t\n\r #-eax\xff\xef\xbb\xbf";
    for seed in 0..times(3000) as u64 {
        let mut chance = Chance::new(seed);
        let length = chance.below(200);
        let text: Vec<u8> = (0..length).map(|_| octets[chance.below(octets.len())]).collect();
        if let Ok(sequence) = trace::read("t", &*text) {
            assert!(!sequence.requests.is_empty(), "seed {seed}");
        }
    }
}
