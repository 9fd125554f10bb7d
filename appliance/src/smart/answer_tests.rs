use super::*;
use proptest::prelude::*;
use serde_json::json;

fn read(answer: &Value) -> Result<SmartReport, NoReport> {
    Answer::parse(answer.to_string().as_bytes())?.report(TimeUs(7))
}

fn an_nvme(log: &Value) -> Value {
    json!({
        "json_format_version": [1, 0],
        "smartctl": { "version": [7, 3], "exit_status": 0 },
        "device": { "name": "/dev/nvme0", "type": "nvme", "protocol": "NVMe" },
        "model_name": "A Disk 3840GB ",
        "serial_number": "S1",
        "firmware_version": "2.0",
        "smart_status": { "passed": true, "nvme": { "value": 0 } },
        "nvme_smart_health_information_log": log,
        "temperature": { "current": 36 },
        "power_on_time": { "hours": 8123 },
    })
}

#[test]
fn a_healthy_nvme_disk() {
    let log = json!({
        "critical_warning": 0, "temperature": 36, "available_spare": 100,
        "available_spare_threshold": 10, "percentage_used": 3, "data_units_read": 9,
        "data_units_written": 1_000_001_u64, "media_errors": 0, "num_err_log_entries": 12,
    });
    let expected = SmartReport {
        asked_at_us: TimeUs(7),
        model: Some("A Disk 3840GB".to_owned()),
        serial: Some("S1".to_owned()),
        firmware: Some("2.0".to_owned()),
        is_healthy: Some(true),
        temperature_celsius: Some(36),
        wear_percent: Some(3),
        written_bytes: Some(512_000_512_000),
        power_on_hours: Some(8123),
        media_errors: Some(0),
        ..SmartReport::default()
    };
    let report = read(&an_nvme(&log)).expect("read");
    assert_eq!(report, expected);
    assert!(!report.is_worrying());
}

#[test]
fn an_nvme_disk_at_its_end_says_why() {
    let log = json!({ "critical_warning": 0b1101, "percentage_used": 104, "media_errors": 3 });
    let mut answer = an_nvme(&log);
    answer["smart_status"]["passed"] = json!(false);
    // As smartctl 7.4 has it beside the log.
    answer["endurance_used"] = json!({ "current_percent": 104 });
    let report = read(&answer).expect("read");
    assert_eq!(report.is_healthy, Some(false));
    assert_eq!((report.wear_percent, report.media_errors), (Some(104), Some(3)));
    assert_eq!(report.warnings, [CRITICAL[0], CRITICAL[2], CRITICAL[3]]);
    assert!(report.is_worrying());
}

fn an_ata(attributes: &Value) -> Value {
    json!({
        "device": { "name": "/dev/sda", "type": "sat", "protocol": "ATA" },
        "model_name": "A SPINNING DISK",
        "serial_number": "Z9",
        "logical_block_size": 512,
        "smart_status": { "passed": true },
        "ata_smart_attributes": { "revision": 16, "table": attributes },
        "temperature": { "current": 41 },
    })
}

#[test]
fn an_ata_disk_counts_sectors() {
    let attribute = |id: u64, name: &str, raw: u64, when: &str| {
        json!({
            "id": id, "name": name, "value": 90, "worst": 90, "thresh": 10,
            "when_failed": when, "raw": { "value": raw, "string": raw.to_string() },
        })
    };
    let table = json!([
        attribute(5, "Reallocated_Sector_Ct", 2048, "now"),
        attribute(9, "Power_On_Hours", 1, ""),
        attribute(187, "Reported_Uncorrect", 4, "past"),
        attribute(197, "Current_Pending_Sector", 8, ""),
        attribute(241, "Total_LBAs_Written", 1_000, ""),
    ]);
    let report = read(&an_ata(&table)).expect("read");
    let counted = (report.reallocated_sectors, report.pending_sectors, report.media_errors);
    assert_eq!(counted, (Some(2048), Some(8), Some(4)));
    assert_eq!(report.written_bytes, Some(512_000));
    assert_eq!(report.warnings, ["Reallocated_Sector_Ct is below its threshold"]);
    assert_eq!(report.wear_percent, None);
    let by_gib = json!([attribute(241, "Host_Writes_GiB", 3, "")]);
    assert_eq!(read(&an_ata(&by_gib)).expect("read").written_bytes, Some(3 << 30));
    let of_nobody = json!([attribute(241, "Unknown_Attribute", 3, "")]);
    assert_eq!(read(&an_ata(&of_nobody)).expect("read").written_bytes, None);
}

#[test]
fn statistics_of_the_standard_go_before_attributes_of_makers() {
    let mut answer = an_ata(&json!([
        { "id": 241, "name": "Host_Writes_32MiB", "raw": { "value": 1 } },
    ]));
    answer["logical_block_size"] = json!(4096);
    answer["ata_device_statistics"] = json!({ "pages": [
        { "number": 1, "table": [{ "name": "Logical Sectors Written", "value": 10 }] },
        { "number": 7, "table": [{ "name": "Percentage Used Endurance Indicator", "value": 5 }] },
    ] });
    let report = read(&answer).expect("read");
    assert_eq!((report.written_bytes, report.wear_percent), (Some(40_960), Some(5)));
}

#[test]
fn who_says_nothing_has_no_report() {
    let virtual_disk = json!({
        "device": { "name": "/dev/vda", "type": "scsi" },
        "model_name": "a virtual disk",
    });
    assert!(matches!(read(&virtual_disk), Err(NoReport::Silent)));
    let refused = json!({ "smartctl": {
        "exit_status": 2,
        "messages": [{ "string": "Smartctl open device: /dev/sda failed: Permission denied", "severity": "error" }],
    } });
    let said = read(&refused).expect_err("refused").to_string();
    assert!(said.contains("Permission denied"), "{said}");
    assert!(matches!(Answer::parse(b"not JSON").map(drop), Err(NoReport::Json(_))));
    assert!(matches!(Answer::parse(b"").map(drop), Err(NoReport::Json(_))));
}

#[test]
fn what_a_disk_says_has_bounds() {
    let table: Vec<Value> = (0..1000)
        .map(|_| json!({ "id": 1, "name": "x\u{7}".repeat(500), "when_failed": "now" }))
        .collect();
    let mut answer = an_ata(&json!(table));
    answer["model_name"] = json!("m".repeat(5000));
    let report = read(&answer).expect("read");
    assert_eq!(report.warnings.len(), MAX_SMART_WARNINGS);
    assert!(report.warnings[0].starts_with("xxx"), "{}", report.warnings[0]);
    assert_eq!(report.model.expect("a model").len(), MAX_SMART_TEXT);
}

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "smart_status",
        "passed",
        "nvme_smart_health_information_log",
        "critical_warning",
        "data_units_written",
        "ata_smart_attributes",
        "table",
        "id",
        "name",
        "raw",
        "value",
        "when_failed",
        "temperature",
        "current",
        "ata_device_statistics",
        "pages",
        "model_name",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        let pairs = prop::collection::vec((names.clone(), inner.clone()), 0..8);
        prop_oneof![
            prop::collection::vec(inner, 0..8).prop_map(Value::from),
            pairs.prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_that_a_program_prints_is_too_much(answer in any_json()) {
        if let Ok(report) = read(&answer) {
            prop_assert!(report.warnings.len() <= MAX_SMART_WARNINGS);
        }
    }

    #[test]
    fn octets_are_read_or_refused(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Answer::parse(&octets);
    }
}
