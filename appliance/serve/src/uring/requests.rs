//! From what was opened to an answer.

use super::answer::{Content, Noted, Sending, poll};
use super::connection::{Open, Stand};
use super::core::Core;
use super::pacer::Wish;
use super::token::Place;
use crate::account::{Account, Asked};
use crate::http::answer::{Answer, Body};
use crate::http::client::ClientPrefix;
use crate::http::cmcd::Cmcd;
use crate::http::date::DateText;
use crate::http::demanded::{Before, Miss};
use crate::http::h1_head::{self, Connection as AfterHead};
use crate::http::head::{self, Head, HeadLimits, Scanner};
use crate::http::refuse;
use crate::http::respond::{Context, respond};
use crate::http::span::Span;
use crate::shared::{Via, now};
use crate::viewed::{Asker as Viewer, Viewed};
use cache::{BLOCK_BYTES, BlockRead, Object, ReadFailed, Resolving, VerifiedBlock};
use contract::config::{Limits, ListenerRole, Protocol};
use contract::time::TimeUs;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Instant;

/// Who asks, and where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker {
    pub(super) place: Place,
    pub(super) via: Via,
}

impl Asker {
    pub(super) fn new(
        core: &Core,
        place: Place,
        entrance: usize,
        client: ClientPrefix,
    ) -> Option<Self> {
        let role = core.entrances.get(entrance)?.role;
        let connection = u64::from(place.generation) << 32 | u64::from(place.index);
        let protocol = Protocol::Http1;
        let via = Via { role, client, protocol, engine: super::ENGINE, connection };
        Some(Self { place, via })
    }
}

/// The first block of a body, or why it cannot be had.
type First = Result<VerifiedBlock, ReadFailed>;

/// A request that waits. It is answered again, from its head, once it need not.
pub(super) struct Parked {
    wait: Wait,
    /// What it has waited for before, or does now.
    before: Option<Before>,
}

/// What a request waits for.
enum Wait {
    /// Its first block, which is on its way.
    Block { read: BlockRead, object: Arc<Object>, block: u32 },
    /// What origins or siblings say.
    Others(Resolving),
}

/// What a request has waited for, and now is there.
enum Arrived {
    Block { first: First, object: Arc<Object>, block: u32, before: Option<Before> },
    Word(Option<Before>),
}

impl Parked {
    /// What has come, if something has.
    fn poll(&mut self, waker: impl Fn() -> Waker) -> Poll<Arrived> {
        let before = self.before;
        match &mut self.wait {
            Wait::Block { read, object, block } => poll(read, waker).map(|first| {
                let (object, block) = (Arc::clone(object), *block);
                Arrived::Block { first, object, block, before }
            }),
            Wait::Others(resolving) => {
                let waker = waker();
                let word = Pin::new(resolving).poll(&mut TaskContext::from_waker(&waker));
                word.map(|()| Arrived::Word(before))
            }
        }
    }
}

impl Arrived {
    fn before(&self) -> Option<Before> {
        match self {
            Self::Block { before, .. } | Self::Word(before) => *before,
        }
    }
}

/// The first block as far as it is known: an answer says nothing before it is at hand.
enum Opening {
    Here(First),
    Coming(Parked),
}

impl Open {
    /// Looks whether a request can be answered now; `true` when the stand has changed.
    pub(super) fn listen(&mut self, core: &Core, asker: Asker) -> bool {
        match &mut self.stand {
            Stand::Idle | Stand::Asking => self.scan(core, asker, None),
            Stand::Parked(parked) => match parked.poll(|| core.inbox.waker(asker.place)) {
                Poll::Pending => false,
                Poll::Ready(arrived) => {
                    self.stand = Stand::Asking;
                    self.scan(core, asker, Some(arrived))
                }
            },
            Stand::Answering(_) | Stand::Done => false,
        }
    }

    fn scan(&mut self, core: &Core, asker: Asker, arrived: Option<Arrived>) -> bool {
        // A parked request was found before; the scanner stands behind it.
        let found = match self.asked {
            Some(len) => Ok(Some(len)),
            None => self.scanner.scan(&self.plain, head_limits(&core.shared.limits)),
        };
        match found {
            Ok(Some(len)) => {
                self.asked = Some(len);
                self.answer(core, asker, len, arrived);
                true
            }
            Ok(None) if self.plain.is_empty() => false,
            Ok(None) => !matches!(std::mem::replace(&mut self.stand, Stand::Asking), Stand::Asking),
            Err(bad) => {
                self.stand = refused(core, asker, &refuse::bad_head(&core.shared.policy, bad));
                true
            }
        }
    }

    fn answer(&mut self, core: &Core, asker: Asker, len: usize, arrived: Option<Arrived>) {
        let plain = std::mem::take(&mut self.plain);
        let is_over = asker.via.is_over(self.since);
        let is_last = core.is_draining || self.session.is_worn() || is_over;
        let stand = match head::parse(plain.get(..len).unwrap_or_default()) {
            Ok(head) => decide(core, asker, &head, arrived, is_last),
            Err(bad) => refused(core, asker, &refuse::bad_head(&core.shared.policy, bad)),
        };
        self.plain = plain;
        if !matches!(stand, Stand::Parked(_)) {
            self.forget(len);
        }
        self.stand = stand;
    }

    /// A head is being answered: what was sent behind it comes to the front.
    fn forget(&mut self, len: usize) {
        self.plain.drain(..len.min(self.plain.len()));
        self.scanner = Scanner::default();
        self.asked = None;
        self.has_asked = true;
    }

    /// Answers a head that does not end (RFC 9110 §15.5.9).
    pub(super) fn refuse_slow(&mut self, core: &Core, asker: Asker) {
        self.stand = refused(core, asker, &refuse::too_slow(&core.shared.policy));
    }
}

fn head_limits(limits: &Limits) -> HeadLimits {
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    HeadLimits {
        request_line_bytes: size(limits.max_request_line_bytes.0),
        fields_bytes: size(limits.max_header_bytes.0),
    }
}

fn decide(
    core: &Core,
    asker: Asker,
    head: &Head<'_>,
    arrived: Option<Arrived>,
    is_last: bool,
) -> Stand {
    let (shared, began, at) = (&core.shared, Instant::now(), now());
    let before = arrived.as_ref().and_then(Arrived::before);
    let context = Context {
        policy: &shared.policy,
        index: &*shared.cache,
        siblings: shared.siblings.get(),
        misses: &shared.misses,
        role: asker.via.role,
        client: asker.via.client,
        now: at,
        before,
    };
    let mut decision = respond(&context, &head.request);
    if let Some(waiting) = decision.miss.take().and_then(|miss| ask(core, asker, &miss, before, at))
    {
        return Stand::Parked(waiting);
    }
    let mut sending = core.spare.answer(Account::new(asker.via, at, began));
    let span = decision.answer.take_span();
    let title = span.as_ref().and_then(|span| span.object.entry.common.bitrate_bits_per_s);
    let opening = match (span, arrived) {
        (Some(span), arrived) => Some((open(core, asker, &span, arrived), Some(span))),
        // The index has withdrawn it meanwhile, for this very reason.
        (None, Some(Arrived::Block { first: Err(failed), .. })) => {
            Some((Opening::Here(Err(failed)), None))
        }
        (None, _) => None,
    };
    match opening {
        None => {}
        Some((Opening::Coming(parked), _)) => return Stand::Parked(parked),
        Some((Opening::Here(Ok(block)), span)) => {
            decision.answer.hit_from(block.tier());
            span.into_iter().for_each(|span| sending.carry(span, block.clone()));
        }
        Some((Opening::Here(Err(failed)), _)) => {
            tracing::warn!(%failed, "an object cannot be read");
            decision.answer = decision.answer.unreadable(&failed);
        }
    }
    sending.after = AfterHead::after(head.framing, is_last);
    sending.group = decision.group.map(|group| group.ordinal);
    let asked = Asked::of(shared, decision.group, &head.request, &decision.path);
    let is_player = asker.via.role == ListenerRole::Player;
    let said = match &asked {
        Some(asked) => Some(asked.cmcd),
        None => is_player.then(|| Cmcd::of(&head.request)),
    };
    let content_bytes = sending.content_len();
    sending.pace = Wish::of(core, asker.via.role, &head.request, said, content_bytes, title);
    let object = sending.content.as_ref().map(|content| &content.object);
    let viewer = Viewer { via: asker.via, at, request: &head.request, said };
    sending.account.viewed = Viewed::of(shared, viewer, &decision, object);
    sending.noted.take_down(asked.as_ref());
    sending.say(&decision.answer, at);
    Stand::Answering(sending)
}

fn refused(core: &Core, asker: Asker, answer: &Answer<'_, Arc<Object>>) -> Stand {
    let at = now();
    let mut sending = core.spare.answer(Account::new(asker.via, at, Instant::now()));
    sending.after = AfterHead::Close;
    sending.say(answer, at);
    Stand::Answering(sending)
}

/// Has origins or siblings asked, and waits. `None`: nobody can be asked.
fn ask(
    core: &Core,
    asker: Asker,
    miss: &Miss,
    before: Option<Before>,
    at: TimeUs,
) -> Option<Parked> {
    let mut resolving = core.shared.ask(miss)?;
    let before = Some(Before::after(before, miss, resolving.is_first(), at));
    let waker = core.inbox.waker(asker.place);
    if Pin::new(&mut resolving).poll(&mut TaskContext::from_waker(&waker)).is_ready() {
        // Whoever is woken is looked at again.
        waker.wake();
    }
    Some(Parked { wait: Wait::Others(resolving), before })
}

/// The block that a body begins with: what has arrived for it, or what the cache has.
fn open(core: &Core, asker: Asker, span: &Span<Arc<Object>>, arrived: Option<Arrived>) -> Opening {
    let block = u32::try_from(span.start / BLOCK_BYTES).unwrap_or(u32::MAX);
    let before = arrived.as_ref().and_then(Arrived::before);
    match arrived {
        Some(Arrived::Block { first, object, block: came, .. })
            if came == block && Arc::ptr_eq(&object, &span.object) =>
        {
            return Opening::Here(first);
        }
        // The index has changed its mind meanwhile.
        _ => {}
    }
    let mut read = core.read(&span.object, block);
    match poll(&mut read, || core.inbox.waker(asker.place)) {
        Poll::Ready(first) => Opening::Here(first),
        Poll::Pending => {
            let object = Arc::clone(&span.object);
            Opening::Coming(Parked { wait: Wait::Block { read, object, block }, before })
        }
    }
}

impl Sending {
    /// With memory that was used before.
    pub(super) fn new(account: Account, head: Vec<u8>, noted: Noted) -> Self {
        Self {
            head,
            words: 0,
            content: None,
            at: 0,
            taken: 0,
            block: None,
            coming: None,
            account,
            group: None,
            noted,
            after: AfterHead::Close,
            pace: Wish::AsBefore,
            broken: None,
        }
    }

    fn carry(&mut self, span: Span<Arc<Object>>, first: VerifiedBlock) {
        let block = u32::try_from(span.start / BLOCK_BYTES).unwrap_or(u32::MAX);
        self.account.piece_from(first.tier());
        self.block = Some((block, first));
        self.content = Some(Content { object: span.object, start: span.start, end: span.end });
    }

    /// Writes the head, and the words of a refusal behind it.
    fn say(&mut self, answer: &Answer<'_, Arc<Object>>, at: TimeUs) {
        self.account.decided(answer);
        h1_head::write(answer, &DateText::of(at), self.after, &mut self.head);
        if let Body::Words(words) = answer.body {
            self.head.extend_from_slice(words.as_bytes());
            self.words = words.len() as u64;
        }
    }
}
