//! Terms of titles.

use super::Store;
use super::titles::{no_title, read_one};
use crate::CatalogError;
use crate::terms::{MAX_TERMS, Terms};
use contract::names::{GroupName, TitleName};
use db::counters::{self, Counter};

impl Store {
    /// Says where a title may be shown: what was said of that region before goes.
    ///
    /// # Errors
    /// When they make no sense, or there are too many; [`CatalogError::NoTitle`], or the database's.
    pub async fn set_terms(
        &self,
        group: &GroupName,
        title: &TitleName,
        terms: Terms,
    ) -> Result<Vec<Terms>, CatalogError> {
        terms.check()?;
        self.change_terms(group, title, |all| {
            all.retain(|it| it.region != terms.region);
            all.push(terms);
            if all.len() > MAX_TERMS {
                let says = format!("expected terms for at most {MAX_TERMS} regions");
                return Err(CatalogError::invalid("region", says));
            }
            Ok(())
        })
        .await
    }

    /// Takes back what was said of a region, or of everywhere else.
    ///
    /// # Errors
    /// [`CatalogError::NoTerms`]; [`CatalogError::NoTitle`], or the database's.
    pub async fn remove_terms(
        &self,
        group: &GroupName,
        title: &TitleName,
        region: Option<&str>,
    ) -> Result<Vec<Terms>, CatalogError> {
        self.change_terms(group, title, |all| {
            let before = all.len();
            all.retain(|it| it.region.as_deref() != region);
            match all.len() == before {
                true => Err(CatalogError::NoTerms(region.map(str::to_owned))),
                false => Ok(()),
            }
        })
        .await
    }

    async fn change_terms(
        &self,
        group: &GroupName,
        title: &TitleName,
        change: impl FnOnce(&mut Vec<Terms>) -> Result<(), CatalogError>,
    ) -> Result<Vec<Terms>, CatalogError> {
        let mut tx = self.change().await?;
        let found = read_one(&mut tx, group, title).await?.ok_or_else(|| no_title(group, title))?;
        let mut terms = found.terms.clone();
        change(&mut terms)?;
        terms.sort_by(|a, b| a.region.cmp(&b.region));
        if terms == found.terms {
            return Ok(terms);
        }
        let text = serde_json::to_string(&terms);
        let text = text.map_err(|err| db::Error::corrupt("a title's terms", err))?;
        sqlx::query("UPDATE titles SET terms = $1 WHERE content_group = $2 AND title = $3")
            .bind(Some(text).filter(|_| !terms.is_empty()))
            .bind(group.as_str())
            .bind(title.as_str())
            .execute(&mut *tx)
            .await?;
        counters::raise(&mut tx, Counter::Catalogue, 1).await?;
        tx.commit().await?;
        Ok(terms)
    }
}
