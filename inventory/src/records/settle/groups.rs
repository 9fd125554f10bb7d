//! Content groups beside one another: a box tells by the host name whose content is asked for.

use super::look::Look;
use super::{Touched, Wrong, has, text, those};
use crate::Complaint;
use crate::kinds::CONTENT_GROUP;
use db::Error;

pub(super) async fn check<'a>(
    look: &mut Look<'_>,
    touched: &'a [Touched],
) -> Result<Vec<Wrong<'a>>, Error> {
    if !has(touched, &CONTENT_GROUP) {
        return Ok(Vec::new());
    }
    let all = look.all(&CONTENT_GROUP).await?;
    let taken = those(touched, &CONTENT_GROUP).filter_map(|(it, group)| {
        let pattern = text(group, "host_pattern")?;
        let is_same = |other: &&crate::schema::Record| {
            text(other, "host_pattern") == Some(pattern) && CONTENT_GROUP.key(other) != it.key
        };
        let other = CONTENT_GROUP.key(all.iter().find(is_same)?);
        let message = format!("{pattern} belongs to content group {other} already");
        Some((it, Complaint::new("host_pattern", message)))
    });
    Ok(taken.collect())
}
