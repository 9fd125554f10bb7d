//! Titles and objects: reading them, saying when a title is served, and removing it.

use super::{Snapshot, Store, purges, slices, unsigned};
use crate::purge::PurgeTarget;
use crate::terms::Terms;
use crate::{CatalogError, CatalogObject, NewObject, Playlist, RightsWindow, Title, TitleSpec};
use contract::names::{GroupName, TagName, TitleName};
use contract::quantity::BitRate;
use contract::tags::Tags;
use contract::time::TimeUs;
use db::Tx;
use db::counters::{self, Counter};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::HashMap;

const TITLES: &str = "SELECT content_group, title, display_name, base_path, hls_path, hls_text, \
     dash_path, dash_text, revision, added_at_us, tags, serve_from_us, serve_until_us, terms FROM titles \
     ORDER BY added_at_us, content_group, title";

const TITLE: &str = "SELECT content_group, title, display_name, base_path, hls_path, hls_text, \
     dash_path, dash_text, revision, added_at_us, tags, serve_from_us, serve_until_us, terms FROM titles \
     WHERE content_group = $1 AND title = $2";

impl Store {
    /// All of it, as it is at one moment.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn snapshot(&self) -> Result<Snapshot, CatalogError> {
        let mut tx = self.db.snapshot().await?;
        let version = counters::value_in(&mut tx, Counter::Catalogue).await?;
        let version = unsigned("the catalogue's version", version)?;
        let titles = sqlx::query(TITLES).fetch_all(&mut *tx).await?;
        let titles: Vec<Title> = titles.iter().map(read_title).collect::<Result<_, _>>()?;
        let rows = sqlx::query(
            "SELECT ordinal, content_group, title, path, size_bytes, blake3, modified_us,
                 bitrate_bits_per_s
             FROM objects WHERE removed_at_us IS NULL ORDER BY ordinal",
        )
        .fetch_all(&mut *tx)
        .await?;
        let owners = Owners::new(&titles);
        let objects = rows.iter().map(|row| owners.read(row)).collect::<Result<_, _>>()?;
        Ok(Snapshot { version, titles, objects })
    }

    /// All titles, by the time they came.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn titles(&self) -> Result<Vec<Title>, CatalogError> {
        sqlx::query(TITLES).fetch_all(self.db.read()).await?.iter().map(read_title).collect()
    }

    /// One title.
    ///
    /// # Errors
    /// [`CatalogError::NoTitle`], or the database's.
    pub async fn title(&self, group: &GroupName, title: &TitleName) -> Result<Title, CatalogError> {
        let query = sqlx::query(TITLE).bind(group.as_str()).bind(title.as_str());
        let row = query.fetch_optional(self.db.read()).await?;
        read_title(&row.ok_or_else(|| no_title(group, title))?)
    }

    /// The objects of one title, by path.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn objects_of(
        &self,
        group: &GroupName,
        title: &TitleName,
    ) -> Result<Vec<CatalogObject>, CatalogError> {
        let rows = sqlx::query(
            "SELECT ordinal, content_group, title, path, size_bytes, blake3, modified_us,
                 bitrate_bits_per_s
             FROM objects
             WHERE content_group = $1 AND title = $2 AND removed_at_us IS NULL ORDER BY path",
        )
        .bind(group.as_str())
        .bind(title.as_str())
        .fetch_all(self.db.read())
        .await?;
        let title = self.title(group, title).await?;
        let owners = Owners::new(std::slice::from_ref(&title));
        rows.iter().map(|row| owners.read(row)).collect()
    }

    /// The title that an object belongs to; `None` where no object has that path.
    ///
    /// # Errors
    /// When the database fails or a record cannot be read back.
    pub async fn title_of_path(
        &self,
        group: &GroupName,
        path: &str,
    ) -> Result<Option<TitleName>, CatalogError> {
        let query = "SELECT title FROM objects \
             WHERE content_group = $1 AND path = $2 AND removed_at_us IS NULL";
        let query = sqlx::query(query).bind(group.as_str()).bind(path);
        let row = query.fetch_optional(self.db.read()).await?;
        row.map(|row| Ok(title_of(row.try_get(0)?)?)).transpose()
    }

    /// Sets when a title is served. Its revision stays: boxes that hold it go on holding it,
    /// and learn the times with the next catalogue.
    ///
    /// # Errors
    /// When the window never opens; [`CatalogError::NoTitle`], or the database's.
    pub async fn set_window(
        &self,
        group: &GroupName,
        title: &TitleName,
        window: RightsWindow,
    ) -> Result<(), CatalogError> {
        window.check()?;
        let mut tx = self.change().await?;
        let before = read_one(&mut tx, group, title).await?;
        if before.ok_or_else(|| no_title(group, title))?.window == window {
            return Ok(());
        }
        sqlx::query(
            "UPDATE titles SET serve_from_us = $1, serve_until_us = $2
             WHERE content_group = $3 AND title = $4",
        )
        .bind(window.serve_from.map(|at| at.0))
        .bind(window.serve_until.map(|at| at.0))
        .bind(group.as_str())
        .bind(title.as_str())
        .execute(&mut *tx)
        .await?;
        counters::raise(&mut tx, Counter::Catalogue, 1).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a title, and purges what boxes hold of it.
    ///
    /// # Errors
    /// [`CatalogError::NoTitle`], or the database's.
    pub async fn remove_title(
        &self,
        group: &GroupName,
        title: &TitleName,
        now: TimeUs,
    ) -> Result<(), CatalogError> {
        let mut tx = self.change().await?;
        let gone = sqlx::query("DELETE FROM titles WHERE content_group = $1 AND title = $2")
            .bind(group.as_str())
            .bind(title.as_str())
            .execute(&mut *tx)
            .await?;
        if gone.rows_affected() == 0 {
            return Err(no_title(group, title));
        }
        sqlx::query(
            "UPDATE objects SET removed_at_us = $1
             WHERE content_group = $2 AND title = $3 AND removed_at_us IS NULL",
        )
        .bind(now.0)
        .bind(group.as_str())
        .bind(title.as_str())
        .execute(&mut *tx)
        .await?;
        slices::forget(&mut tx, group, title, now).await?;
        purges::record(&mut tx, group, &[PurgeTarget::Title(title.clone())], now).await?;
        counters::raise(&mut tx, Counter::Catalogue, 1).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn no_title(group: &GroupName, title: &TitleName) -> CatalogError {
    CatalogError::NoTitle(format!("{group}/{title}"))
}

/// One title inside a change.
pub(super) async fn read_one(
    tx: &mut Tx,
    group: &GroupName,
    title: &TitleName,
) -> Result<Option<Title>, CatalogError> {
    let query = sqlx::query(TITLE).bind(group.as_str()).bind(title.as_str());
    query.fetch_optional(&mut **tx).await?.as_ref().map(read_title).transpose()
}

fn read_title(row: &AnyRow) -> Result<Title, CatalogError> {
    let playlist = |path: Option<String>, text: Option<String>| {
        path.zip(text).map(|(path, text)| Playlist { path, text })
    };
    Ok(Title {
        spec: TitleSpec {
            group: group_of(row.try_get(0)?)?,
            title: title_of(row.try_get(1)?)?,
            name: row.try_get(2)?,
            base_path: row.try_get(3)?,
            hls: playlist(row.try_get(4)?, row.try_get(5)?),
            dash: playlist(row.try_get(6)?, row.try_get(7)?),
            tags: tags_of(&row.try_get::<String, _>(10)?)?,
        },
        revision: row.try_get(8)?,
        added_at: TimeUs(row.try_get(9)?),
        window: RightsWindow {
            serve_from: row.try_get::<Option<i64>, _>(11)?.map(TimeUs),
            serve_until: row.try_get::<Option<i64>, _>(12)?.map(TimeUs),
        },
        terms: terms_of(row.try_get(13)?)?,
    })
}

fn terms_of(text: Option<String>) -> Result<Vec<Terms>, db::Error> {
    let terms = text.map(|text| serde_json::from_str(&text)).transpose();
    Ok(terms.map_err(|err| db::Error::corrupt("a title's terms", err))?.unwrap_or_default())
}

/// What objects have from their titles.
struct Owners<'a>(HashMap<(&'a GroupName, &'a TitleName), &'a Title>);

impl<'a> Owners<'a> {
    fn new(titles: &'a [Title]) -> Self {
        Self(titles.iter().map(|it| ((&it.spec.group, &it.spec.title), it)).collect())
    }

    fn read(&self, row: &AnyRow) -> Result<CatalogObject, CatalogError> {
        let mut object = read_object(row)?;
        // An import or a removal since the titles were read: the version tells, and all of it
        // is read again.
        if let Some(title) = self.0.get(&(&object.group, &object.title)) {
            object.tags = title.spec.tags.clone();
            object.window = title.window;
        }
        Ok(object)
    }
}

fn read_object(row: &AnyRow) -> Result<CatalogObject, CatalogError> {
    let corrupt = |why: String| db::Error::corrupt("an object", why);
    let (ordinal, size, digest): (i64, i64, String) =
        (row.try_get(0)?, row.try_get(4)?, row.try_get(5)?);
    let bitrate: Option<i64> = row.try_get(7)?;
    let bitrate = bitrate.map(|rate| unsigned("an object's bitrate", rate)).transpose()?;
    Ok(CatalogObject {
        ordinal: ordinal.try_into().map_err(|_| corrupt(format!("ordinal {ordinal}")))?,
        group: group_of(row.try_get(1)?)?,
        title: title_of(row.try_get(2)?)?,
        file: NewObject {
            path: row.try_get(3)?,
            size_bytes: unsigned("an object's size", size)?,
            blake3: digest.parse().map_err(|err| db::Error::corrupt("an object", err))?,
            modified: TimeUs(row.try_get(6)?),
            bitrate_bits_per_s: bitrate.map(BitRate),
        },
        tags: Tags::default(),
        window: RightsWindow::default(),
    })
}

/// Tags hold no space.
pub(super) fn tags_as_text(tags: &Tags) -> String {
    tags.as_slice().iter().map(TagName::as_str).collect::<Vec<_>>().join(" ")
}

fn tags_of(text: &str) -> Result<Tags, db::Error> {
    let tags = text.split_whitespace().map(TagName::new).collect::<Result<_, _>>();
    let tags = tags.map_err(|err| db::Error::corrupt("a title's tags", err))?;
    Tags::new(tags).map_err(|err| db::Error::corrupt("a title's tags", err))
}

pub(super) fn group_of(name: String) -> Result<GroupName, db::Error> {
    GroupName::new(name).map_err(|err| db::Error::corrupt("a content group", err))
}

pub(super) fn title_of(name: String) -> Result<TitleName, db::Error> {
    TitleName::new(name).map_err(|err| db::Error::corrupt("a title", err))
}
