//! Credentials, read where the configuration says they are. Nothing of them is logged, kept or
//! told of.

use async_trait::async_trait;
use contract::bucket::CredentialsPlace;
use fill::FetchFailed;
use object_store::CredentialProvider;
use object_store::aws::AwsCredential;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

/// A file of credentials has three lines.
const MAX_FILE_BYTES: u64 = 16 << 10;

/// Whoever else could read the file.
const OTHERS: u32 = 0o077;

/// Reads them anew for each request: who changes them restarts nothing.
#[derive(Debug)]
pub(super) struct Credentials(pub(super) CredentialsPlace);

#[async_trait]
impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let place = self.0.clone();
        let read = tokio::task::spawn_blocking(move || read(&place)).await;
        let read = read.unwrap_or_else(|_| Err("the process is stopping".to_owned()));
        read.map(Arc::new).map_err(|why| object_store::Error::Generic {
            store: "S3",
            source: Box::new(FetchFailed::Denied(format!("no credentials: {why}"))),
        })
    }
}

/// Why the credentials of a place could not be used. Says nothing of what they are.
pub(crate) fn check(place: &CredentialsPlace) -> Result<(), String> {
    read(place).map(drop)
}

fn read(place: &CredentialsPlace) -> Result<AwsCredential, String> {
    match place {
        CredentialsPlace::File(file) => {
            read_file(file).map_err(|why| format!("{}: {why}", file.display()))
        }
        CredentialsPlace::Environment { access_key_id, secret_access_key, session_token } => {
            Ok(AwsCredential {
                key_id: variable(access_key_id)?,
                secret_key: variable(secret_access_key)?,
                token: session_token.as_deref().map(variable).transpose()?,
            })
        }
    }
}

fn variable(name: &str) -> Result<String, String> {
    let value =
        std::env::var(name).map_err(|_| format!("${name} is not set in this environment"))?;
    word(&value).ok_or_else(|| format!("${name} is no key"))
}

fn read_file(file: &Path) -> Result<AwsCredential, String> {
    let opened = File::open(file).map_err(|err| err.to_string())?;
    let metadata = opened.metadata().map_err(|err| err.to_string())?;
    if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
        return Err("this is no file of credentials".to_owned());
    }
    if metadata.mode() & OTHERS != 0 {
        let mode = metadata.mode() & 0o777;
        return Err(format!("others may read it (mode {mode:o}): chmod 600"));
    }
    let mut text = String::new();
    opened.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(|err| err.to_string())?;
    parse(&text)
}

/// The `default` profile of AWS's shared credentials file (AWS SDKs and Tools Reference Guide).
fn parse(text: &str) -> Result<AwsCredential, String> {
    let (mut key_id, mut secret_key, mut token) = (None, None, None);
    let mut is_default = false;
    for line in text.lines().map(str::trim) {
        if let Some(profile) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            is_default = profile.trim() == "default";
            continue;
        }
        let Some((name, value)) = line.split_once('=').filter(|_| is_default) else { continue };
        let place = match name.trim() {
            "aws_access_key_id" => &mut key_id,
            "aws_secret_access_key" => &mut secret_key,
            "aws_session_token" => &mut token,
            _ => continue,
        };
        let value = word(value).ok_or_else(|| format!("{} is no key", name.trim()))?;
        *place = Some(value);
    }
    let missing = |name: &str| format!("[default] has no {name}");
    Ok(AwsCredential {
        key_id: key_id.ok_or_else(|| missing("aws_access_key_id"))?,
        secret_key: secret_key.ok_or_else(|| missing("aws_secret_access_key"))?,
        token,
    })
}

/// Keys and tokens are printed without spaces; they stand in fields of requests.
fn word(value: &str) -> Option<String> {
    let value = value.trim();
    let is_word = !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic());
    is_word.then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    const TEXT: &str = "# for Studio A
[other]
aws_access_key_id = WRONG
aws_secret_access_key = WRONG
[default]
aws_access_key_id = KEYID
aws_secret_access_key=SEC/RET+=
region = somewhere
";

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("studio-a.s3");
        let place = CredentialsPlace::File(file.clone());
        assert!(check(&place).expect_err("nothing there").contains("No such file"));
        fs::write(&file, TEXT).expect("written");
        fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("set");
        let refused = check(&place).expect_err("others may read it");
        assert!(refused.ends_with("others may read it (mode 640): chmod 600"), "{refused}");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("set");
        let read = read(&place).expect("credentials");
        assert_eq!((&*read.key_id, &*read.secret_key, read.token), ("KEYID", "SEC/RET+=", None));
    }

    #[test]
    fn what_lacks_a_key_says_which_and_nothing_of_the_other() {
        let without = |line: &str| parse(&TEXT.replace(line, "")).expect_err("a key is missing");
        assert_eq!(without("aws_access_key_id = KEYID"), "[default] has no aws_access_key_id");
        let why = without("aws_secret_access_key=SEC/RET+=");
        assert_eq!(why, "[default] has no aws_secret_access_key");
        let why = parse(&TEXT.replace("SEC/RET+=", "SEC RET")).expect_err("a space");
        assert_eq!(why, "aws_secret_access_key is no key");
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_without_repeating_it(
            text: String,
            secret in "[!-~]{20,40}",
        ) {
            let said = format!("[default]\n{text}\naws_session_token={secret} {secret}");
            if let Err(why) = parse(&said) {
                prop_assert!(!why.contains(&secret), "{}", why);
            }
        }
    }
}
