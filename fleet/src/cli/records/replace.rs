//! `replace`: another takes the place of a device or a part, by its serial number.

use super::given::Given;
use http::Method;
use serde_json::json;

pub(super) async fn run(given: Given<'_>) -> anyhow::Result<()> {
    let (key, serial) = (given.text("key"), given.text("serial"));
    let by = json!({"serial": serial, "status": given.text("status")});
    let path = format!("{}/replace", given.path());
    let made = given.change((Method::POST, path), &by, None).await?;
    let (key, serial) = (key.unwrap_or_default(), serial.unwrap_or_default());
    given.tell(&made, &format!("{} {key} replaced by {serial}", given.words()))
}
