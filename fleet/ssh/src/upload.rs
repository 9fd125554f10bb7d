//! A file on a device: whole, or not at all.

use crate::{Limits, Output, Session, SshFailure, Why};
use aws_lc_rs::digest::{SHA256, digest};

/// What the device does, with the path, the mode, the length and the hash as its arguments. What is sent
/// goes to a draft beside the file. A connection that is cut looks there like an end, so that the draft is
/// measured before it takes the file's place; then the old one is gone, and not before.
///
/// It is what every POSIX shell understands, busybox's too. Where nobody knows `sha256sum`, the length says
/// whether all has come; that it is what was sent, SSH has seen to.
const PLACE: &str = r#"
export LC_ALL=C
umask 077
path=$1 mode=$2 bytes=$3 hash=$4
if [ -d "$path" ]; then echo "$path is a folder" >&2; exit 1; fi
case "$path" in */*) folder=${path%/*}/ ;; *) folder=./ ;; esac
draft=$(mktemp "$folder.draft.XXXXXX") || exit 1
trap 'rm -f "$draft"' EXIT
trap 'exit 1' HUP INT TERM PIPE
cat >"$draft" || exit 1
if [ "$(wc -c <"$draft")" -ne "$bytes" ]; then
  echo "differs: $(wc -c <"$draft") bytes of $bytes"; exit 0
fi
if command -v sha256sum >/dev/null; then
  seen=$(sha256sum <"$draft") || exit 1
  if [ "${seen%% *}" != "$hash" ]; then echo "differs: its hash is ${seen%% *}"; exit 0; fi
fi
chmod "$mode" "$draft" && { sync "$draft" 2>/dev/null || sync; } || exit 1
mv -f "$draft" "$path" || exit 1
trap - EXIT
sync "$folder" 2>/dev/null || sync
echo placed
"#;

/// How a kernel says it, whatever the program (LC_ALL=C).
const FULL: &[&str] = &["No space left on device", "Disk quota exceeded"];

impl Session {
    /// Puts a file where `path` says, with this mode. A link there is replaced, not followed.
    ///
    /// # Errors
    /// [`Why::Full`], [`Why::Differs`] and [`Why::Exit`] leave the file there as it was. So does what ends
    /// the session half-way, unless everything had arrived: then it may be the new one, whole.
    pub fn upload(
        &mut self,
        path: &str,
        bytes: &[u8],
        mode: u32,
        limits: &Limits,
    ) -> Result<(), SshFailure> {
        let command = command(path, bytes, mode).map_err(|why| self.device.failure(why))?;
        let output = self.run(&command, bytes, limits)?;
        placed(path, &output).map_err(|why| self.device.failure(why))
    }
}

fn command(path: &str, bytes: &[u8], mode: u32) -> Result<String, Why> {
    let bad = |why| Why::BadWord { what: "the path of a file", why };
    if path.is_empty() || path.ends_with('/') {
        return Err(bad("it names no file"));
    }
    if path.contains(['\0', '\n']) {
        return Err(bad("a zero byte or a new line is in it"));
    }
    // What begins with a dash would be an option to `mv`.
    let path = if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    let hash = hex::encode(digest(&SHA256, bytes));
    let (script, path, length) = (quoted(PLACE), quoted(&path), bytes.len());
    Ok(format!("sh -c {script} sh {path} {mode:o} {length} {hash}"))
}

/// As one word of a shell's, whatever is in it.
#[must_use]
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// It is there when the device has said so: a status of 0 may also be one that was never sent.
fn placed(path: &str, output: &Output) -> Result<(), Why> {
    let (said, stderr) = (text(&output.stdout), text(&output.stderr));
    if said.lines().any(|line| line == "placed") && output.is_success() {
        return Ok(());
    }
    if FULL.iter().any(|full| stderr.contains(full)) {
        return Err(Why::Full { path: path.to_owned(), stderr });
    }
    match output.is_success() {
        true => Err(Why::Differs { path: path.to_owned(), said }),
        false => Err(output.exit()),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests;
