//! What a device runs beside what it is to run: what differs, and what has most likely come of it.

use crate::api::Problem;
use crate::configuring::rendered;
use crate::server::App;
use config_render::Facts;
use config_render::archive::{Known, MARK, fit};
use config_render::files::{HIDDEN, Wanted, wanted};
use config_render::reading::ToRead;
use config_render::revisions::Revision;
use config_render::values::Settings;
use contract::time::TimeUs;
use inventory::changes::Change;
use inventory::kinds::CONFIG_CONTEXT;
use inventory::records::history;

/// How far it is looked back for a cause.
const MOST_REVISIONS: i64 = 20;

/// A file of a device.
#[derive(Debug)]
pub(crate) struct Drift {
    pub(crate) path: String,
    /// What it is to have, as it would be kept; or why that cannot be rendered.
    pub(crate) intended: Result<String, String>,
    /// What it had when it was last read.
    pub(crate) running: Option<String>,
    /// Whether it is asked for that at all.
    pub(crate) is_read: bool,
    /// Where these differ: why, most likely.
    pub(crate) cause: Option<Cause>,
}

/// What has come of what.
#[derive(Debug)]
pub(crate) enum Cause {
    /// It was changed on the device, before it was read as this revision.
    Device { revision: i64, seen_at: TimeUs },
    /// What it is to have was changed since.
    Intent(Box<Change>),
    /// It never had it, as far as we have copies.
    Never,
}

/// The files that a device is to have, and of each what it has. Nothing of one of which there is no copy.
pub(crate) async fn drift(
    app: &App,
    facts: &Facts,
    settings: &Settings,
) -> Result<Option<(Revision, Vec<Drift>)>, Problem> {
    let revisions = &app.archiving.revisions;
    let latest = revisions.revision(facts.name(), None).await.map_err(Problem::internal)?;
    let Some(latest) = latest else { return Ok(None) };
    let to_read = ToRead::of(facts, settings);
    let mut found = Vec::new();
    for (file, text) in rendered(app, (facts, settings), wanted(facts)).await? {
        let intended = text.and_then(|text| as_kept(&file, &text));
        let running = text_of(&latest, &file.path).map(str::to_owned);
        let is_read = running.is_some() || to_read.as_ref().is_ok_and(|it| it.has(&file.path));
        found.push(Drift { path: file.path, intended, running, is_read, cause: None });
    }
    if found.iter().any(Drift::differs) {
        let why = Why::read(app, facts, settings, &latest).await?;
        for drift in found.iter_mut().filter(|it| it.differs()) {
            drift.cause = Some(why.cause(drift));
        }
    }
    Ok(Some((latest, found)))
}

impl Drift {
    /// Whether the device has something else than it is to have.
    pub(crate) fn differs(&self) -> bool {
        self.is_read && self.intended.as_ref().is_ok_and(|it| Some(it) != self.running.as_ref())
    }
}

/// As it would be kept, did the device have it: secrets are no difference.
fn as_kept(file: &Wanted, text: &str) -> Result<String, String> {
    let fit = fit(file.service.kind(), text.as_bytes(), &Known::default());
    fit.map(|fit| fit.text.replace(HIDDEN, MARK)).map_err(|err| err.to_string())
}

fn text_of<'a>(revision: &'a Revision, path: &str) -> Option<&'a str> {
    revision.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
}

/// What speaks for one cause or another.
struct Why {
    /// The latest comes first.
    revisions: Vec<Revision>,
    /// The latest change of a record that the device is told something of.
    newest: Option<Change>,
}

impl Why {
    async fn read(
        app: &App,
        facts: &Facts,
        settings: &Settings,
        latest: &Revision,
    ) -> Result<Self, Problem> {
        let (device, store) = (facts.name(), &app.archiving.revisions);
        let log = store.log(Some(device), None, MOST_REVISIONS).await.map_err(Problem::internal)?;
        let mut revisions = vec![latest.clone()];
        for head in log.iter().filter(|head| head.number < latest.head.number) {
            let older = store.revision(device, Some(head.number)).await;
            revisions.extend(older.map_err(Problem::internal)?);
        }
        let mut records = facts.records();
        let contexts = settings.contexts().into_iter();
        records.extend(contexts.map(|name| (&CONFIG_CONTEXT, name.to_owned())));
        let mut newest: Option<Change> = None;
        for (kind, key) in records {
            let last = history(app.inventory.db(), kind, &key, 1).await?.into_iter().next();
            newest = newest.into_iter().chain(last).max_by_key(|change| change.version);
        }
        Ok(Self { revisions, newest })
    }

    fn cause(&self, drift: &Drift) -> Cause {
        let intended = drift.intended.as_deref().ok();
        let texts = || self.revisions.iter().map(|it| (it, text_of(it, &drift.path)));
        // The revision since which it has been as it is.
        let since = texts().take_while(|(_, text)| *text == drift.running.as_deref()).last();
        let had_it = texts().any(|(_, text)| text.is_some() && text == intended);
        let was_another = texts().any(|(_, text)| text != drift.running.as_deref());
        let Some((since, _)) = since else { return Cause::Never };
        let seen_at = since.head.taken_at;
        let newer = self.newest.as_ref().filter(|change| change.at_us > seen_at.0);
        match newer {
            _ if had_it => Cause::Device { revision: since.head.number, seen_at },
            Some(change) => Cause::Intent(Box::new(change.clone())),
            None if was_another => Cause::Device { revision: since.head.number, seen_at },
            None => Cause::Never,
        }
    }
}
