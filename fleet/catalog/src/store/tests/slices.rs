//! Hashes of slices on both databases.

use super::*;
use contract::slices::{SLICE_BYTES, SliceHasher};

/// An object of several slices that all hold `fill`, with their hashes.
fn large(path: &str, fill: u8) -> IncomingObject {
    let mut hasher = SliceHasher::default();
    hasher.update(&vec![fill; 2 * usize::try_from(SLICE_BYTES).expect("small") + 123]);
    let (size_bytes, blake3, hashes) = hasher.finish();
    incoming(NewObject { size_bytes, blake3, ..object(path, "") }, Some(hashes))
}

fn small(path: &str) -> IncomingObject {
    let mut hasher = SliceHasher::default();
    hasher.update(b"x");
    incoming(object(path, "x"), Some(hasher.finish().2))
}

async fn kept(store: &Store, of: &IncomingObject) -> Option<Vec<u8>> {
    store.slice_hashes(&of.object.blake3).await.expect("read")
}

#[tokio::test]
async fn hashes_are_there_from_the_commit_on_until_the_last_object_with_these_bytes_goes() {
    for test in testing::both().await {
        let store = store(&test).await;
        let [a, b] = [large("/t/a", 1), large("/t/b", 2)];
        let bytes = |of: &IncomingObject| of.slice_hashes.as_ref().map(SliceHashes::to_bytes);
        store.begin_import("open", &spec("t"), NOW).await.expect(test.name);
        store.add_objects("open", std::slice::from_ref(&a)).await.expect(test.name);
        assert_eq!(kept(&store, &a).await, None, "{}: not committed", test.name);

        let all = [a.clone(), b.clone(), small("/t/c")];
        import_all(&store, &spec("t"), &all).await.expect(test.name);
        assert_eq!(kept(&store, &a).await, bytes(&a), "{}", test.name);
        assert_eq!(kept(&store, &b).await, bytes(&b), "{}", test.name);
        assert_eq!(kept(&store, &all[2]).await, None, "{}: one slice needs none", test.name);

        // Another title has the same bytes twice, and goes.
        let again = [large("/u/1", 1), large("/u/2", 1)];
        import_all(&store, &spec("u"), &again).await.expect(test.name);
        store.remove_title(&group(), &title("u"), NOW.plus_s(1)).await.expect(test.name);
        assert_eq!(kept(&store, &a).await, bytes(&a), "{}", test.name);

        // One of two paths goes with an import.
        import_all(&store, &spec("t"), std::slice::from_ref(&b)).await.expect(test.name);
        assert_eq!(kept(&store, &a).await, None, "{}", test.name);
        assert_eq!(kept(&store, &b).await, bytes(&b), "{}", test.name);
        store.remove_title(&group(), &title("t"), NOW.plus_s(2)).await.expect(test.name);
        assert_eq!(kept(&store, &b).await, None, "{}", test.name);
    }
}

#[tokio::test]
async fn who_sends_none_changes_none_and_who_sends_them_later_adds_them() {
    for test in testing::both().await {
        let store = store(&test).await;
        let a = large("/t/a", 1);
        let plain = incoming(a.object.clone(), None);
        let import = async |object: &IncomingObject| {
            import_all(&store, &spec("t"), std::slice::from_ref(object)).await.expect(test.name)
        };
        let first = import(&plain).await;
        assert_eq!(kept(&store, &a).await, None, "{}", test.name);
        let second = import(&a).await;
        assert_eq!((second.unchanged, second.revision), (1, first.revision), "{}", test.name);
        assert!(kept(&store, &a).await.is_some(), "{}", test.name);
        import(&plain).await;
        assert!(kept(&store, &a).await.is_some(), "{}", test.name);
    }
}
