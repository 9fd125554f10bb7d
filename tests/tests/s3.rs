//! A box fills from a bucket: of a real S3 server over a real connection, with signatures that are
//! checked.

use anyhow::{Context, Result, ensure};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::s3_store::{Asked, KEY_ID, Manner, S3Store, SECRET};
use tests::small_cdn::{Plan, SmallCdn, TITLE, title_files};

const S3_SERVER: &str = env!("CARGO_BIN_EXE_s3_server");
const BUCKET: &str = "media";
const SLICE: u64 = 1 << 20;

/// Nine slices, the last of 123 bytes; at a path that a key spells in another way.
const FILM_BYTES: usize = 8 * (1 << 20) + 123;

fn film() -> (String, Vec<u8>) {
    let octet = |at: usize| u8::try_from((at ^ (at >> 9)) % 251).expect("small");
    (format!("/{TITLE}/the%20film.mp4"), (0..FILM_BYTES).map(octet).collect())
}

/// All files of the title by their keys, below a prefix.
fn fill_bucket(store: &S3Store) -> Result<()> {
    for (path, content) in title_files().into_iter().chain([film()]) {
        store.put(BUCKET, &format!("a{}", path.replace("%20", " ")), &content)?;
    }
    Ok(())
}

fn write_credentials(file: &Path, secret: &str) -> Result<()> {
    let text =
        format!("[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {secret}\n");
    fs::write(file, text)?;
    Ok(fs::set_permissions(file, Permissions::from_mode(0o600))?)
}

/// How the fleet is told of the bucket.
fn origin(endpoint: &str, more: &[String]) -> Vec<String> {
    let bucket = format!("--origin=s3://{BUCKET}/a");
    let endpoint = format!("--s3-endpoint={endpoint}");
    [bucket, endpoint, "--s3-region=eu-central-1".to_owned()].iter().chain(more).cloned().collect()
}

/// One box that is told of the title and cannot get it yet.
async fn unfilled(origin: Vec<String>) -> Result<SmallCdn> {
    // The folder that is hashed has files by their names.
    let (path, content) = film();
    let more_files = vec![(path.replace("%20", " "), content)];
    let plan = Plan { more_files, origin, one_box: true, is_unfilled: true, ..Plan::default() };
    SmallCdn::start_with(plan).await
}

async fn is_served_right(cdn: &SmallCdn) -> Result<()> {
    for (path, content) in title_files().into_iter().chain([film()]) {
        cdn.until("it is served", async |cdn| cdn.status(0, &path).await == 200).await?;
        let answer = cdn.ask(0, &path).await.context("an answer")?;
        ensure!(answer.body == content, "wrong bytes of {path}");
    }
    cdn.until("nothing fails any more", async |cdn| failing(cdn).await == "[]").await
}

/// What the box has heard last from sources that gave nothing.
async fn failing(cdn: &SmallCdn) -> String {
    let fill = cdn.fleet_json("fill status").await.unwrap_or_default();
    fill["items"][0]["failing"].to_string()
}

/// Waits until the box has told the fleet something of its source: as an event, and as what
/// keeps it from filling.
async fn told(cdn: &SmallCdn, what: &str) -> Result<()> {
    let is_told = async |cdn: &SmallCdn| {
        cdn.fleet_json("status").await.is_ok_and(|status| status.to_string().contains(what))
            && failing(cdn).await.contains(what)
    };
    cdn.until(what, is_told).await
}

fn of_film(asked: &[Asked]) -> Vec<&Asked> {
    asked.iter().filter(|it| it.path.ends_with("film.mp4")).collect()
}

#[tokio::test]
async fn a_wrong_key_says_so_and_the_right_one_is_used_when_it_comes() -> Result<()> {
    let mut store = S3Store::new(S3_SERVER, None)?;
    fill_bucket(&store)?;
    store.start(Manner::Good).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("studio-a.s3");
    let wrong = SECRET.replace("nothing", "NOTHING");
    write_credentials(&file, &wrong)?;
    let credentials = [format!("--s3-credentials-file={}", file.display())];
    let cdn = unfilled(origin(&format!("http://{}", store.address), &credentials)).await?;

    told(&cdn, "403 SignatureDoesNotMatch: the secret key is not the one of this access key")
        .await?;
    ensure!(cdn.log(0).contains("source_denies"), "the box's log says nothing:\n{}", cdn.log(0));
    // Not for each object, over and over.
    let asked = store.asked()?.len();
    ensure!(asked <= 16, "{asked} requests with a key that is refused");

    // A key that others may read is not used at all.
    fs::set_permissions(&file, Permissions::from_mode(0o644))?;
    told(&cdn, "others may read it (mode 644): chmod 600").await?;

    write_credentials(&file, SECRET)?;
    is_served_right(&cdn).await?;
    let asked = store.asked()?;
    let prefix = format!("/{BUCKET}/a/");
    ensure!(asked.iter().all(|it| it.path.starts_with(&prefix)), "{asked:?}");
    for secret in [SECRET, &wrong] {
        ensure!(!cdn.log(0).contains(secret), "the box has logged a secret");
        ensure!(!fs::read_to_string(cdn.config(0))?.contains(secret));
        for place in files_in(&cdn.fleet_folder())? {
            let content = fs::read(&place)?;
            let is_there = content.windows(secret.len()).any(|some| some == secret.as_bytes());
            ensure!(!is_there, "the fleet knows the secret: {}", place.display());
        }
    }
    Ok(())
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_in(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

#[tokio::test]
async fn a_store_that_dies_in_the_middle_is_asked_for_the_rest() -> Result<()> {
    let mut store = S3Store::new(S3_SERVER, None)?;
    fill_bucket(&store)?;
    store.start(Manner::Busy).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("studio-a.s3");
    write_credentials(&file, SECRET)?;
    let credentials = [format!("--s3-credentials-file={}", file.display())];
    let cdn = unfilled(origin(&format!("http://{}", store.address), &credentials)).await?;

    // While it has too much to do, it is asked less and less.
    told(&cdn, "it asks to be asked less often").await?;
    let before = store.asked()?.len();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let more = store.asked()?.len() - before;
    ensure!(more <= 8, "asked {more} times in three seconds");

    // It comes back, gives a part, hangs, and dies.
    store.kill().await?;
    let small: usize = title_files().iter().map(|(_, content)| content.len()).sum();
    let part = small as u64 + 5 * SLICE / 2;
    store.start(Manner::StallsAfter(part)).await?;
    let begins = async |_: &SmallCdn| {
        store.asked().is_ok_and(|asked| of_film(&asked).iter().any(|it| it.status < 300))
    };
    cdn.until("the film is asked for", begins).await?;
    let arrived = async |cdn: &SmallCdn| {
        let fill = cdn.fleet_json("fill status").await.unwrap_or_default();
        let done = fill["items"][0]["titles"][0]["bytes_done"].as_u64();
        // The small files are more than two slices by themselves.
        done.is_some_and(|done| done >= small as u64 + 2 * SLICE)
    };
    cdn.until("a part of it has come", arrived).await?;
    store.kill().await?;
    store.start(Manner::Good).await?;
    is_served_right(&cdn).await?;

    let asked = store.asked()?;
    let last = of_film(&asked).into_iter().rfind(|it| it.status == 206).context("a part")?;
    let range = last.range.clone().context("a range")?;
    ensure!(
        *range.start() >= SLICE && range.start().is_multiple_of(SLICE),
        "it went on with {range:?}: {asked:?}"
    );
    ensure!(*range.end() == FILM_BYTES as u64 - 1, "it went on with {range:?}");
    Ok(())
}

/// A certificate authority, and a certificate of it for some names, as files.
fn certificate(folder: &Path, names: &[&str]) -> Result<(PathBuf, [PathBuf; 2])> {
    let ca_key = rcgen::KeyPair::generate()?;
    let mut ca = rcgen::CertificateParams::new(Vec::new())?;
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key)?.pem();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let key = rcgen::KeyPair::generate()?;
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let chain = rcgen::CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    let write = |name: &str, text: &str| -> Result<PathBuf> {
        let place = folder.join(name);
        fs::File::create(&place)?.write_all(text.as_bytes())?;
        Ok(place)
    };
    let ca_file = write("ca.pem", &ca_pem)?;
    Ok((ca_file, [write("chain.pem", &chain.pem())?, write("key.pem", &key.serialize_pem())?]))
}

#[tokio::test]
async fn a_bucket_with_a_host_name_of_its_own_over_tls() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let host = format!("{BUCKET}.localhost");
    let (ca, tls) = certificate(folder.path(), &[&host])?;
    let mut store = S3Store::new(S3_SERVER, Some(tls))?;
    fill_bucket(&store)?;
    store.start(Manner::Good).await?;
    let port = store.address.port();
    let told_of = [
        "--s3-virtual-host".to_owned(),
        "--s3-credentials-env=STUDIO_A_ID,STUDIO_A_SECRET".to_owned(),
    ];
    let mut cdn = unfilled(origin(&format!("https://localhost:{port}"), &told_of)).await?;
    told(&cdn, "$STUDIO_A_ID is not set in this environment").await?;

    let mut environment =
        vec![format!("STUDIO_A_ID={KEY_ID}"), format!("STUDIO_A_SECRET={SECRET}")];
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box_with(0, &environment).await?;
    // Whom this machine does not know is not believed.
    told(&cdn, "invalid peer certificate").await?;
    ensure!(store.asked()?.is_empty(), "it has sent a signed request to somebody");

    environment.push(format!("SSL_CERT_FILE={}", ca.display()));
    cdn.boxes[0].take().context("it runs")?.kill().await?;
    cdn.start_box_with(0, &environment).await?;
    is_served_right(&cdn).await?;
    let asked = store.asked()?;
    let is_its_own = |it: &Asked| it.host == format!("{host}:{port}") && it.path.starts_with("/a/");
    ensure!(asked.iter().all(is_its_own), "{asked:?}");
    Ok(())
}
