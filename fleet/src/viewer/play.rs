//! What playback begins with: the owner's playlist, rewritten for this viewer.

use super::candidates::{Candidates, candidates, may_be_shown};
use super::own_base;
use crate::api::{Problem, named};
use crate::planner::View;
use crate::server::{App, ClientAddress, now};
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use catalog::{Playlist, Title, TitleSpec};
use contract::demand::day_of;
use contract::names::{DeviceName, GroupName, TitleName};
use http::{HeaderMap, HeaderValue, Method, header};
use std::net::IpAddr;
use std::sync::Arc;
use steer::query::SteeringQuery;
use steer::{dash, hls};

/// A box that fills, or one that restarts, is back in a few report intervals.
const RETRY_AFTER_S: &str = "2";

#[derive(Clone, Copy)]
enum Format {
    Hls,
    Dash,
}

impl Format {
    fn of(file: &str) -> Option<Self> {
        match file {
            "master.m3u8" => Some(Self::Hls),
            "manifest.mpd" => Some(Self::Dash),
            _ => None,
        }
    }

    fn playlist(self, spec: &TitleSpec) -> Option<&Playlist> {
        match self {
            Self::Hls => spec.hls.as_ref(),
            Self::Dash => spec.dash.as_ref(),
        }
    }

    fn steering_path(self) -> &'static str {
        match self {
            Self::Hls => "/steer/v1/hls",
            Self::Dash => "/steer/v1/dash",
        }
    }
}

pub(super) async fn get_playlist(
    State(app): State<Arc<App>>,
    Extension(ClientAddress(client)): Extension<ClientAddress>,
    Path((group, title, file)): Path<(String, String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (group, title): (GroupName, TitleName) = (named(&group)?, named(&title)?);
    let format = Format::of(&file)
        .ok_or_else(|| Problem::new(404, "expected master.m3u8 or manifest.mpd"))?;
    let view = app.view();
    let known = view
        .title(&group, &title)
        .ok_or_else(|| Problem::new(404, format!("there is no title {group}/{title}")))?;
    let playlist = format
        .playlist(&known.spec)
        .ok_or_else(|| Problem::new(404, format!("title {group}/{title} has no {file}")))?;
    may_be_shown(&view, known, client.ip())?;
    let found = candidates(&app, &view, known, client.ip());
    if found.pathways.is_empty() {
        return Ok(nobody(&found));
    }
    if method == Method::GET {
        count(&app, &view, known, (client.ip(), &found));
    }
    let listed = found.pathways.iter().map(|pathway| pathway.id.clone()).collect();
    let query = SteeringQuery { group, title, listed }.to_query();
    let steering_uri = format!("{}{}?{query}", own_base(&headers), format.steering_path());
    rewritten(format, playlist, &found, &steering_uri)
}

/// A play that begins elsewhere although its viewer's site has boxes.
fn count(app: &App, view: &View, title: &Title, (client, found): (IpAddr, &Candidates)) {
    let Some(home) = view.clients.site_of(client) else { return };
    let site_of = |device: &DeviceName| view.appliance(device).map(|it| &it.site);
    if view.appliances.iter().all(|it| it.site != *home) {
        return;
    }
    let first = found.solution.ranked.first().and_then(|choice| site_of(&choice.device));
    if first != Some(home) {
        let title = (title.spec.group.clone(), title.spec.title.clone());
        app.plays.count(day_of(now()), home, &title, client);
    }
}

fn rewritten(
    format: Format,
    playlist: &Playlist,
    found: &Candidates,
    steering_uri: &str,
) -> Result<Response, Problem> {
    let (path, pathways) = (playlist.path.as_str(), found.pathways.as_slice());
    let text = match format {
        Format::Hls => {
            let how = hls::Rewriting { path, pathways, steering_uri };
            hls::rewrite(&playlist.text, &how).map_err(Problem::internal)?
        }
        Format::Dash => {
            let how = dash::Rewriting { path, pathways, steering_uri };
            dash::rewrite(&playlist.text, &how).map_err(Problem::internal)?
        }
    };
    let content_type = contract::media::type_of(path);
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}

fn nobody(found: &Candidates) -> Response {
    let why = found.solution.passed_over.iter().map(|each| {
        let why = serde_json::to_value(each.why).unwrap_or_default();
        format!("{} {}", each.device, why.as_str().unwrap_or_default())
    });
    let why = why.collect::<Vec<_>>().join(", ");
    let detail = format!("no appliance can serve this title now ({why})");
    let mut response = Problem::new(503, detail).into_response();
    let retry_after = HeaderValue::from_static(RETRY_AFTER_S);
    response.headers_mut().insert(header::RETRY_AFTER, retry_after);
    response
}
