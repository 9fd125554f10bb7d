use super::*;
use crate::planner::plan::plan;
use crate::planner::plan::tests::inputs;
use contract::manifest::Hold;
use db::testing;

const NOW: TimeUs = TimeUs(1_700_000_000_000_000);

async fn boxes(test: &testing::TestDb) -> Documents {
    let rows = "INSERT INTO sites (name, latitude, longitude, created_at_us) VALUES ('a', 0.0, 0.0, 1), ('b', 0.0, 0.0, 1);
        INSERT INTO appliances VALUES ('oca1.a', 'a', '{}', 1), ('oca2.a', 'a', '{}', 1),
            ('oca1.b', 'b', '{}', 1)";
    sqlx::raw_sql(rows).execute(test.db.read()).await.expect(test.name);
    Documents::new(test.db.clone())
}

fn numbers(heads: &HashMap<DeviceName, Vec<Head>>, device: &str) -> Vec<(u64, u64)> {
    heads[device].iter().map(|head| (head.generation.number, head.content_version)).collect()
}

#[tokio::test]
async fn generations_rise_only_with_the_content_or_with_age() {
    for test in testing::both().await {
        let store = boxes(&test).await;
        let mut inputs = inputs();
        let none = inputs.tombstones.clone();
        let first = plan(&inputs).expect("a plan");
        let heads = publish(&store, &first, &none, NOW).await.expect(test.name);
        assert_eq!(numbers(&heads, "oca1.a"), [(1, 1), (1, 1), (1, 1)], "{}", test.name);
        let again = publish(&store, &first, &none, NOW.plus_s(60)).await.expect(test.name);
        assert_eq!(again, heads, "{}: the same plan again", test.name);

        inputs.catalog.objects.truncate(30);
        inputs.catalog.version += 1;
        let second = plan(&inputs).expect("a plan");
        let heads = publish(&store, &second, &none, NOW.plus_s(120)).await.expect(test.name);
        // Sources name the manifest's version, so they follow it; tombstones do not.
        assert_eq!(numbers(&heads, "oca1.a"), [(2, 2), (2, 2), (1, 1)], "{}", test.name);

        let later = NOW.plus_s(120 + 8 * DAY_S);
        let heads = publish(&store, &second, &none, later).await.expect(test.name);
        assert_eq!(numbers(&heads, "oca1.a"), [(3, 2), (3, 2), (2, 1)], "{}: renewed", test.name);
        let device = DeviceName::new("oca1.a").expect("name");
        let (head, body) =
            store.body(&device, Kind::Manifest).await.expect(test.name).expect("there");
        assert_eq!(head, heads[&device][0]);
        assert_eq!(head.not_after, later.plus_s(LIFE_S));
        let manifest: Manifest = serde_json::from_str(&body).expect("a manifest");
        assert_eq!(manifest.version, 2);
        assert!(matches!(manifest.hold, Hold::Snapshot(_)));
    }
}
