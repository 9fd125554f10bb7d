//! What a player sends when it asks to be steered: the query that we gave it, and what the
//! standards let it add.

use contract::names::{DeviceName, GroupName, TitleName};

/// More than any playlist of ours lists; what comes beyond is not ours.
const MAX_LISTED: usize = 16;

/// What a steering request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SteeringQuery {
    /// The title's content group.
    pub group: GroupName,
    /// The title.
    pub title: TitleName,
    /// The pathways that the player's playlist lists.
    pub listed: Vec<String>,
}

/// Why a steering request cannot be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected g=GROUP and t=TITLE, as in the playlist's steering URI")]
pub struct BadQuery;

impl SteeringQuery {
    /// Reads the query. Arguments that are not ours (`_HLS_throughput`, `_DASH_pathway`,
    /// with quotes or without) are left alone: none of them changes the answer yet.
    ///
    /// # Errors
    /// [`BadQuery`] when group or title are missing.
    pub fn parse(query: &str) -> Result<Self, BadQuery> {
        let (mut group, mut title, mut listed) = (None, None, Vec::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "g" => group = GroupName::new(value).ok(),
                "t" => title = TitleName::new(value).ok(),
                "p" => listed = pathways(&value),
                _ => {}
            }
        }
        let (group, title) = group.zip(title).ok_or(BadQuery)?;
        Ok(Self { group, title, listed })
    }

    /// The query that a playlist carries.
    #[must_use]
    pub fn to_query(&self) -> String {
        // Names need no encoding; a comma between them does no harm in a query.
        format!("g={}&t={}&p={}", self.group, self.title, self.listed.join(","))
    }
}

fn pathways(list: &str) -> Vec<String> {
    let names = list.split(',').filter_map(|name| DeviceName::new(name).ok());
    names.take(MAX_LISTED).map(|name| name.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_players_add_does_no_harm() {
        let queries = [
            "g=a&t=b&p=x.a,y.b",
            "g=a&t=b&p=x.a,y.b&_HLS_pathway=x.a&_HLS_throughput=5140000",
            "_DASH_pathway=%22x.a%22&g=a&t=b&p=x.a%2Cy.b&_DASH_throughput=1",
            "_DASH_pathway=\"x.a,y.b\"&g=a&t=b&p=x.a,<script>,y.b",
        ];
        for query in queries {
            let parsed = SteeringQuery::parse(query).expect(query);
            assert_eq!(parsed.to_query(), "g=a&t=b&p=x.a,y.b", "{query}");
        }
        assert_eq!(SteeringQuery::parse("g=a&p=x"), Err(BadQuery));
        assert_eq!(SteeringQuery::parse("g=A&t=b"), Err(BadQuery));
    }

    proptest! {
        #[test]
        fn what_is_read_can_be_written(query in "([gtp_]=[a-z.,%2C\"]{0,9}&?){0,6}") {
            if let Ok(parsed) = SteeringQuery::parse(&query) {
                prop_assert_eq!(SteeringQuery::parse(&parsed.to_query()), Ok(parsed));
            }
        }
    }
}
