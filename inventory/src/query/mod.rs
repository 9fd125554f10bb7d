//! Which records of a kind somebody wants to see: filters, in what order, which page.
//!
//! Several values of one filter mean any of them, several filters all of them; the suffixes are
//! NetBox's. What is not known is refused: a filter that does nothing shows what was not asked for.
//!
//! Read in this order: [`Lookup`] (what a suffix means), [`Filter`], [`Sort`], [`Page`], then [`Query`].

mod filter;
mod lookup;
#[cfg(test)]
mod meant;
mod page;
mod scope;
mod sort;
mod statement;

pub use filter::Filter;
pub use lookup::Lookup;
pub use page::{Cursor, MAX_PAGE, Page};
pub use sort::Sort;
pub use statement::Condition;
pub(crate) use statement::holding_tag;

use crate::schema::{Kind, one};

/// The most filters of one question, each with the most values.
const MAX_FILTERS: usize = 50;
const MAX_VALUES: usize = 500;

/// What stands for no filter.
const SORT: &str = "sort";
const FIELDS: &str = "fields";
const LIMIT: &str = "limit";
const CURSOR: &str = "cursor";

/// A question that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadQuery {
    /// Which parameter.
    pub parameter: String,
    /// What is wrong with it, and what would be right.
    pub message: String,
}

impl BadQuery {
    fn new(parameter: &str, message: impl Into<String>) -> Self {
        Self { parameter: parameter.chars().take(80).collect(), message: message.into() }
    }
}

/// A question about records of a kind.
#[derive(Debug, Clone)]
pub struct Query {
    /// All of these hold.
    pub filters: Vec<Filter>,
    /// In which order.
    pub sort: Sort,
    /// What of them is told; all where nothing is said.
    pub fields: Option<Vec<&'static str>>,
    /// Which of them.
    pub page: Page,
    /// Only what this provider sees.
    pub provider: Option<String>,
    /// Only those with these keys.
    pub keys: Option<Vec<String>>,
}

/// What no provider is told, whosever it is: what is remembered here of it.
pub const NOT_FOR_PROVIDERS: [&str; 1] = ["comments"];

impl Query {
    /// The same question, asked by a provider.
    ///
    /// # Errors
    /// When it asks for what no provider is told.
    pub fn of_provider(mut self, provider: &str) -> Result<Self, BadQuery> {
        let asked = self.filters.iter().map(|filter| filter.field.name);
        let asked = asked.chain(self.sort.by.iter().map(|(field, _)| field.name));
        let asked = asked.chain(self.fields.iter().flatten().copied());
        match asked.into_iter().find(|name| NOT_FOR_PROVIDERS.contains(name)) {
            Some(name) => Err(BadQuery::new(name, "is not told to providers")),
            None => {
                self.provider = Some(provider.to_owned());
                Ok(self)
            }
        }
    }
}

impl Kind {
    /// Reads a question: the pairs of a URL.
    ///
    /// # Errors
    /// The first thing that makes no sense.
    pub fn query<'a>(
        &'static self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Query, BadQuery> {
        let (mut filters, mut fields) = (Vec::<Filter>::new(), None);
        let (mut sort, mut limit, mut cursor) = (Sort::default(), None, None);
        for (name, text) in pairs {
            match name {
                SORT => sort = Sort::read(self, text)?,
                FIELDS => fields = Some(self.some_fields(text)?),
                LIMIT => limit = Some(page::limit(text)?),
                CURSOR => cursor = Some(text),
                _ => filter::add(self, &mut filters, name, text)?,
            }
        }
        let after = cursor.map(|text| Cursor::read(text, self, &sort)).transpose()?;
        let page = Page { limit: limit.unwrap_or(page::USUAL), after };
        Ok(Query { filters, sort, fields, page, ..self.everything() })
    }

    /// The same, where all that pass are told, as they are.
    ///
    /// # Errors
    /// As [`Kind::query`], and where an order, a page or some fields are asked for.
    pub fn filters<'a>(
        &'static self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Query, BadQuery> {
        let known = |(name, text): (&'a str, &'a str)| match name {
            SORT | FIELDS | LIMIT | CURSOR => {
                Err(BadQuery::new(name, "there are filters alone here, and all that pass is told"))
            }
            _ => Ok((name, text)),
        };
        self.query(pairs.into_iter().map(known).collect::<Result<Vec<_>, _>>()?)
    }

    /// The question about all there is.
    #[must_use]
    pub fn everything(&'static self) -> Query {
        let page = Page { limit: page::USUAL, after: None };
        let (sort, filters) = (Sort::default(), Vec::new());
        Query { filters, sort, fields: None, page, provider: None, keys: None }
    }

    /// The question about one.
    #[must_use]
    pub fn one(&'static self, key: &str) -> Query {
        Query { keys: Some(vec![key.to_owned()]), ..self.everything() }
    }

    fn some_fields(&self, text: &str) -> Result<Vec<&'static str>, BadQuery> {
        let known = |name: &str| {
            let field = self.field(name).map(|field| field.name);
            field.ok_or_else(|| BadQuery::new(FIELDS, self.no_field(name)))
        };
        text.split(',').map(|name| known(name.trim())).collect()
    }

    fn no_field(&self, name: &str) -> String {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name).collect();
        let name: String = name.chars().take(80).collect();
        format!("{} has no field {name:?}; it has {}", one(self.name), names.join(", "))
    }
}

#[cfg(test)]
mod tests;
