//! `Cache-Control` (RFC 9111 §5.2): what browsers and caches behind this box may keep.

use super::answer::FieldSink;
use super::fields::Fields;
use super::policy::GroupPolicy;
use super::stack_text::StackText;
use contract::catalogue::CatalogueEntry;
use contract::time::TimeUs;

/// A playlist may be published again under its path (a rendition more, other subtitles);
/// half a minute bounds how long players see the old one, and still saves the reloads of
/// a viewer who goes back and forth.
const PLAYLIST_MAX_AGE_S: u64 = 30;

/// The suffixes of playlists.
const PLAYLISTS: [&str; 3] = ["m3u8", "m3u", "mpd"];

/// What may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheControl {
    /// Nothing: errors, and what a preflight has its own field for.
    NoStore,
    /// For so long; `immutable` (RFC 8246) where the path never gets other content.
    Keep {
        /// `max-age`.
        max_age_s: u64,
        /// A reload need not ask again.
        is_immutable: bool,
    },
    /// For so long, counted from when `Age` was 0: as an origin allows caches that serve many.
    Shared {
        /// `max-age`; 0: not without asking.
        max_age_s: u64,
    },
    /// As the origin allows it, for a sibling.
    Received {
        /// `max-age`, or `s-maxage` where players have another.
        max_age_s: u64,
        /// `max-age`, where players have one of their own: then nothing stale is served
        /// (RFC 9111 §5.2.2.10).
        players_max_age_s: Option<u64>,
        /// `stale-while-revalidate` (RFC 5861).
        stale_while_revalidate_s: u64,
        /// `stale-if-error`.
        stale_if_error_s: u64,
    },
}

impl CacheControl {
    /// For an object: as its group says, and never beyond its rights.
    #[must_use]
    pub fn of(group: &GroupPolicy, entry: &CatalogueEntry, now: TimeUs) -> Self {
        let is_playlist = is_playlist(&entry.path);
        let most = if is_playlist { PLAYLIST_MAX_AGE_S } else { u64::MAX };
        let left = entry.common.serve_until_us.map_or(u64::MAX, |until| {
            u64::try_from(until.unix_s().saturating_sub(now.unix_s())).unwrap_or(0)
        });
        Self::Keep {
            max_age_s: group.max_age_s.min(most).min(left),
            is_immutable: !is_playlist && left == u64::MAX,
        }
    }

    pub(super) fn write(self, sink: &mut impl FieldSink) {
        match self {
            Self::NoStore => sink.field("Cache-Control", b"no-store"),
            Self::Shared { max_age_s: 0 } => sink.field("Cache-Control", b"no-cache"),
            Self::Shared { max_age_s } => {
                if let Some(text) = StackText::<64>::of(format_args!("public, max-age={max_age_s}"))
                {
                    sink.field("Cache-Control", text.as_bytes());
                }
            }
            Self::Received { max_age_s, players_max_age_s: Some(players_s), .. } => {
                let text = format_args!("max-age={players_s}, s-maxage={max_age_s}");
                if let Some(text) = StackText::<64>::of(text) {
                    sink.field("Cache-Control", text.as_bytes());
                }
            }
            Self::Received { max_age_s, stale_while_revalidate_s, stale_if_error_s, .. } => {
                let text = format_args!(
                    "max-age={max_age_s}, stale-while-revalidate={stale_while_revalidate_s}, \
                     stale-if-error={stale_if_error_s}"
                );
                // Three numbers of 20 digits and these words fit.
                if let Some(text) = StackText::<128>::of(text) {
                    sink.field("Cache-Control", text.as_bytes());
                }
            }
            Self::Keep { max_age_s, is_immutable } => {
                let end = if is_immutable { ", immutable" } else { "" };
                let text = format_args!("public, max-age={max_age_s}{end}");
                if let Some(text) = StackText::<64>::of(text) {
                    sink.field("Cache-Control", text.as_bytes());
                }
            }
        }
    }
}

/// Whether a request wants nothing that would have to come first (RFC 9111 §5.2.1.7).
#[must_use]
pub fn is_only_if_cached(fields: &Fields<'_>) -> bool {
    let mut directives = fields.cache_control.iter().flat_map(|line| line.split(|it| *it == b','));
    directives.any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"only-if-cached"))
}

fn is_playlist(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or(path);
    path.rsplit_once('.').is_some_and(|(_, suffix)| {
        PLAYLISTS.iter().any(|playlist| suffix.eq_ignore_ascii_case(playlist))
    })
}
