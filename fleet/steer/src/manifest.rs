//! The steering answer, the same for HLS (draft-pantos-hls-rfc8216bis §7) and DASH
//! (ETSI TS 103 998 §7).

use crate::Pathway;
use serde::Serialize;

/// What a steering server answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub struct SteeringManifest {
    version: u32,
    ttl: u64,
    #[serde(rename = "RELOAD-URI")]
    reload_uri: String,
    #[serde(rename = "PATHWAY-PRIORITY")]
    pathway_priority: Vec<String>,
    #[serde(rename = "PATHWAY-CLONES", skip_serializing_if = "Vec::is_empty")]
    pathway_clones: Vec<PathwayClone>,
}

/// A pathway that the playlist did not list, made from one that it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct PathwayClone {
    #[serde(rename = "BASE-ID")]
    base_id: String,
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "URI-REPLACEMENT")]
    uri_replacement: UriReplacement,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct UriReplacement {
    host: String,
}

/// Which standard the player speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// HLS: a clone keeps its base's port, so `HOST` can replace a host name and no more.
    Hls,
    /// DASH: `HOST` replaces host and port.
    Dash,
}

impl Dialect {
    /// As the steering URI names it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "hls" => Some(Self::Hls),
            "dash" => Some(Self::Dash),
            _ => None,
        }
    }

    /// Whether a clone can lead there. hls.js ignores a `HOST` with a port and yet believes
    /// that it has moved: no clone is better than that.
    fn can_clone(self, candidate: &Pathway) -> bool {
        self == Self::Dash || !candidate.authority.contains(':')
    }
}

/// What the answer is made from.
#[derive(Debug, Clone, Copy)]
pub struct Steering<'a> {
    /// Who asks.
    pub dialect: Dialect,
    /// Seconds until the player asks again.
    pub ttl_s: u64,
    /// Where it asks again.
    pub reload_uri: &'a str,
    /// The candidates, best first.
    pub candidates: &'a [Pathway],
    /// The pathways that the player's playlist lists.
    pub listed: &'a [String],
}

impl Steering<'_> {
    /// A playlist that does not say what it lists is taken to list everybody.
    fn lists(&self, candidate: &Pathway) -> bool {
        self.listed.is_empty() || self.listed.contains(&candidate.id)
    }
}

impl SteeringManifest {
    /// The answer. Without candidates the player is told to stay with what its playlist
    /// lists: an empty list, like any error, would only take choices away from it.
    #[must_use]
    pub fn new(steering: &Steering<'_>) -> Self {
        let usable = |each: &&Pathway| steering.lists(each) || steering.dialect.can_clone(each);
        let ids = steering.candidates.iter().filter(usable).map(|each| each.id.clone());
        let mut pathway_priority: Vec<String> = ids.collect();
        if pathway_priority.is_empty() {
            pathway_priority = steering.listed.to_vec();
        }
        Self {
            version: 1,
            ttl: steering.ttl_s,
            reload_uri: steering.reload_uri.to_owned(),
            pathway_priority,
            pathway_clones: clones(steering),
        }
    }
}

fn clones(steering: &Steering<'_>) -> Vec<PathwayClone> {
    let Some(base) = steering.listed.first() else { return Vec::new() };
    steering
        .candidates
        .iter()
        .filter(|candidate| !steering.lists(candidate) && steering.dialect.can_clone(candidate))
        .map(|candidate| PathwayClone {
            base_id: base.clone(),
            id: candidate.id.clone(),
            uri_replacement: UriReplacement { host: candidate.authority.clone() },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pathway(id: &str, port: u16) -> Pathway {
        Pathway { id: id.into(), authority: format!("{id}.localhost:{port}") }
    }

    fn answer(candidates: &[Pathway], listed: &[&str]) -> SteeringManifest {
        let listed: Vec<String> = listed.iter().map(ToString::to_string).collect();
        let reload_uri = "http://127.0.1.1:7080/steer/v1/hls?g=studio-a&t=big-demo&p=oca1.site-a";
        let dialect = Dialect::Dash;
        SteeringManifest::new(&Steering {
            dialect,
            ttl_s: 10,
            reload_uri,
            candidates,
            listed: &listed,
        })
    }

    #[test]
    fn hls_is_not_told_of_clones_that_its_players_cannot_make() {
        let listed = ["oca1.site-a".to_owned()];
        let on_443 = Pathway { id: "oca9.site-a".into(), authority: "oca9.example.net".into() };
        let candidates = [pathway("oca2.site-a", 8442), pathway("oca1.site-a", 8441), on_443];
        let answer = SteeringManifest::new(&Steering {
            dialect: Dialect::Hls,
            ttl_s: 10,
            reload_uri: "",
            candidates: &candidates,
            listed: &listed,
        });
        assert_eq!(answer.pathway_priority, ["oca1.site-a", "oca9.site-a"]);
        let clones: Vec<&str> = answer.pathway_clones.iter().map(|clone| &*clone.id).collect();
        assert_eq!(clones, ["oca9.site-a"]);
    }

    #[test]
    fn candidates_that_the_playlist_lacks_are_cloned() {
        let candidates = [pathway("oca2.site-a", 8442), pathway("oca1.site-a", 8441)];
        insta::assert_json_snapshot!(answer(&candidates, &["oca1.site-a"]));
    }

    #[test]
    fn without_candidates_the_player_keeps_what_it_has() {
        let answer = answer(&[], &["oca1.site-a", "oca1.site-b"]);
        assert_eq!(answer.pathway_priority, ["oca1.site-a", "oca1.site-b"]);
        assert!(answer.pathway_clones.is_empty());
    }
}
