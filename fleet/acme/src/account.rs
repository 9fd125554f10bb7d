//! The fleet's account with the authority: made when it is first needed, and kept in a file.

use crate::failure::Failure;
use crate::settings::Settings;
use crate::wire::Wire;
use contract::object::Digest;
use instant_acme::{Account, AccountCredentials, NewAccount};
use std::io::ErrorKind;
use std::path::PathBuf;
use tokio::sync::Mutex;

/// The account.
pub(crate) struct OwnAccount {
    settings: Settings,
    wire: Wire,
    file: PathBuf,
    /// One at a time asks for it, so that two do not make two.
    open: Mutex<Option<Account>>,
}

impl OwnAccount {
    pub(crate) fn new(settings: Settings, wire: Wire) -> Self {
        let file = settings.folder.join(format!("{}.json", id(&settings)));
        Self { settings, wire, file, open: Mutex::default() }
    }

    pub(crate) async fn get(&self) -> Result<Account, Failure> {
        let mut open = self.open.lock().await;
        if let Some(account) = &*open {
            return Ok(account.clone());
        }
        let account = match self.read()? {
            Some(credentials) => self.builder().from_credentials(credentials).await,
            None => return Ok(open.insert(self.create().await?).clone()),
        };
        Ok(open.insert(account.map_err(|err| self.failure(err))?).clone())
    }

    /// The authority knows it no more: the next is another.
    pub(crate) async fn forget(&self) {
        *self.open.lock().await = None;
        let old = self.file.with_extension("json.old");
        let old_at = old.display().to_string();
        match std::fs::rename(&self.file, &old) {
            Ok(()) => tracing::warn!(old_at, "the authority knows the account no more"),
            Err(err) => tracing::warn!(%err, "the account is gone, and its file stays"),
        }
    }

    async fn create(&self) -> Result<Account, Failure> {
        let contact: Vec<&str> = self.settings.contact.iter().map(String::as_str).collect();
        // An operator who names an authority has agreed: `fleet serve` asks for that.
        let wanted = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let directory = self.settings.directory.to_string();
        let made = self.builder().create(&wanted, directory, None).await;
        let (account, credentials) = made.map_err(|err| self.failure(err))?;
        let text = serde_json::to_vec(&credentials).map_err(|err| self.file_failure(&err))?;
        match ca::write_new(&self.file, &text, true) {
            Ok(()) => tracing::info!("an account was made: {}", self.file.display()),
            Err(err) => return Err(self.file_failure(&err)),
        }
        Ok(account)
    }

    fn read(&self) -> Result<Option<AccountCredentials>, Failure> {
        let text = match std::fs::read(&self.file) {
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|err| self.file_failure(&err))?,
        };
        let read = serde_json::from_slice(&text);
        // What stands there may be the key: it is not repeated.
        read.map(Some).map_err(|_| self.file_failure(&"it is no account: move it away"))
    }

    fn builder(&self) -> instant_acme::AccountBuilder {
        Account::builder_with_http(Box::new(self.wire.clone()))
    }

    fn failure(&self, err: instant_acme::Error) -> Failure {
        Failure::of(err, &[], self.wire.take_retry_after())
    }

    fn file_failure(&self, why: &dyn std::fmt::Display) -> Failure {
        Failure::File { path: self.file.clone(), why: why.to_string() }
    }
}

/// Names an authority by its directory: what one has issued is not what another would.
pub(crate) fn id(settings: &Settings) -> String {
    let digest = Digest::of(settings.directory.as_str().as_bytes()).to_string();
    format!("acme-{}", &digest[..16])
}
