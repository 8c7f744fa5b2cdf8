//! A draw whose figures another program computed, and every way to forge one.

use super::Version::{One, Two};
use super::*;
use proptest::prelude::*;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("entry_{index}")).collect()
}

/// Entries in the order of their tickets.
fn ordered(seed: &Seed, digest: &str, entries: &[String]) -> Vec<String> {
    let mut ordered = entries.to_vec();
    ordered.sort_unstable_by_key(|entry| ticket(seed, digest, entry));
    ordered
}

/// Computed by Python's `hashlib` and `hmac` from the text of the module, so that the text is enough to verify by.
#[test]
fn the_algorithm_is_as_it_is_described() {
    let seed = Seed::new(std::array::from_fn(|index| u8::try_from(index).expect("below 32")));
    let drawn = draw(Two, "plan_1", &seed, names(8), 3).expect("sound");
    assert_eq!(drawn.commitment, "792d0f58eeca7a34a960bd2770ee5cdbd1f0dffe2a47c80474539459ba0c9379");
    assert_eq!(drawn.entries_digest, "599c52594bf2d6fdb767ffc46469122bb5f12c1b41ec7a260a399ff7b5bd036f");
    assert_eq!(drawn.winners, ["entry_2", "entry_7", "entry_1"]);
    assert_eq!(format!("{seed:?}"), "Seed(..)");
}

/// What a server published before the number of winners was a part of the digest, letter for letter.
const FORMER: &str = r#"{
  "raffle": "plan_1",
  "commitment": "792d0f58eeca7a34a960bd2770ee5cdbd1f0dffe2a47c80474539459ba0c9379",
  "seed": "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  "entries": ["entry_0", "entry_1", "entry_2", "entry_3", "entry_4", "entry_5", "entry_6", "entry_7"],
  "entries_digest": "de3b95577f4114348f8f6c8aab14fdb39fc8ccca75f230405f2b95fd6bde1b4c",
  "places": 3,
  "winners": ["entry_3", "entry_5", "entry_2"]
}"#;

#[test]
fn what_was_closed_with_the_former_digest_is_drawn_and_verified_with_it() {
    let published: Draw = serde_json::from_str(FORMER).expect("a draw");
    let (commitment, digest) = (published.commitment.as_str(), published.entries_digest.as_str());
    assert_eq!(verify(&published, Some(commitment), Some(digest)), Ok(One));
    assert_eq!(Version::of_digest(digest, "plan_1", 3, &names(8)), Some(One));
    assert_eq!(Version::of_digest(digest, "plan_1", 3, &names(7)), None);
    let seed = Seed::new(std::array::from_fn(|index| u8::try_from(index).expect("below 32")));
    let drawn = draw(One, "plan_1", &seed, names(8), 3).expect("sound");
    assert_eq!(drawn, Draw { version: Some(One), ..published.clone() });

    // It is told as that version, since its digest does not hold how many win: one more could.
    let next = ordered(&seed, digest, &names(8))[3].clone();
    let more =
        Draw { places: 4, winners: [published.winners.clone(), vec![next]].concat(), ..published.clone() };
    assert_eq!(verify(&more, Some(commitment), Some(digest)), Ok(One));
    assert!(!One.holds_places() && Two.holds_places());
    // Everything else of it is found as it is of the others.
    let swapped = Draw { winners: published.winners.iter().rev().cloned().collect(), ..published.clone() };
    let fewer = Draw { entries: names(7), ..published.clone() };
    let claimed = Draw { version: Some(Two), ..published.clone() };
    for (forged, sentence) in [
        (swapped, "winners are not those"),
        (fewer, "do not have the digest"),
        (claimed, "do not have the digest"),
    ] {
        assert!(verify(&forged, None, None).expect_err(sentence).0.contains(sentence), "{sentence}");
    }
}

#[test]
fn a_draw_says_the_version_of_its_digest() {
    let drawn = draw(Two, "plan_1", &Seed::new([7; 32]), names(8), 3).expect("sound");
    let mut json = serde_json::to_value(&drawn).expect("JSON");
    assert_eq!(json["version"], 2);
    // Between the two, draws were of the second version and did not say so.
    json.as_object_mut().expect("an object").remove("version");
    let silent: Draw = serde_json::from_value(json.clone()).expect("a draw");
    assert_eq!((silent.version, verify(&silent, None, None)), (None, Ok(Two)));
    assert_eq!(serde_json::to_value(&silent).expect("JSON"), json);
    json["version"] = 3.into();
    let unknown = serde_json::from_value::<Draw>(json).expect_err("a later one");
    assert!(unknown.to_string().contains("its version 3 is not known here"), "{unknown}");
}

#[test]
fn every_forgery_is_found() {
    let seed = Seed::new([7; 32]);
    let honest = draw(Two, "plan_1", &seed, names(20), 3).expect("sound");
    let (commitment, digest) = (honest.commitment.clone(), honest.entries_digest.clone());
    let check = |forged: &Draw| verify(forged, Some(&commitment), Some(&digest));
    assert_eq!(check(&honest), Ok(Two));
    assert_eq!(verify(&honest, None, None), Ok(Two));

    let fewer: Vec<String> = names(20).into_iter().filter(|name| name != "entry_3").collect();
    let mut swapped = honest.winners.clone();
    swapped.swap(0, 1);
    // With the same tickets, whoever comes next.
    let more: Vec<String> = ordered(&seed, &digest, &names(20)).into_iter().take(4).collect();
    assert_eq!(more[..3], honest.winners[..]);
    let table = [
        // Sound in themselves, and not what was published before.
        (draw(Two, "plan_1", &Seed::new([8; 32]), names(20), 3).expect("sound"), "commitment is not the one"),
        (draw(Two, "plan_1", &seed, names(21), 3).expect("sound"), "entries are not those"),
        (draw(Two, "plan_1", &seed, fewer.clone(), 3).expect("sound"), "entries are not those"),
        (draw(Two, "plan_2", &seed, names(20), 3).expect("sound"), "entries are not those"),
        (draw(Two, "plan_1", &seed, names(20), 4).expect("sound"), "more or fewer were to win"),
        // Patched.
        (Draw { seed: "08".repeat(32), ..honest.clone() }, "not the one that was committed to"),
        (Draw { seed: "07".repeat(31), ..honest.clone() }, "not 64 hexadecimal digits"),
        (Draw { seed: "é".repeat(32), ..honest.clone() }, "not 64 hexadecimal digits"),
        (Draw { entries: fewer, ..honest.clone() }, "do not have the digest"),
        (Draw { raffle: "plan_2".into(), ..honest.clone() }, "do not have the digest"),
        (Draw { version: Some(One), ..honest.clone() }, "do not have the digest"),
        (Draw { winners: swapped, ..honest.clone() }, "winners are not those"),
        (Draw { winners: vec![], ..honest.clone() }, "winners are not those"),
        (Draw { places: 4, winners: more, ..honest.clone() }, "do not have the digest"),
        (Draw { places: 4, ..honest.clone() }, "do not have the digest"),
        (Draw { entries: honest.entries.iter().rev().cloned().collect(), ..honest.clone() }, "not sorted"),
    ];
    for (forged, sentence) in table {
        assert!(check(&forged).expect_err(sentence).0.contains(sentence), "{sentence}");
    }
    let twice = vec!["entry_1".to_owned(), "entry_1".to_owned()];
    assert!(draw(Two, "plan_1", &seed, twice, 1).expect_err("twice").0.contains("`entry_1` is there twice"));
    assert!(
        draw(Two, "plan_1", &seed, vec!["a\nb".into()], 1).expect_err("a break").0.contains("line break")
    );
}

#[test]
fn there_may_be_fewer_entries_than_places() {
    let seed = Seed::new([7; 32]);
    assert_eq!(draw(Two, "plan_1", &seed, vec![], 3).expect("sound").winners, Vec::<String>::new());
    let all = draw(Two, "plan_1", &seed, names(2), 3).expect("sound");
    assert_eq!(all.winners.len(), 2);
    assert_eq!(verify(&all, None, None), Ok(Two));
}

/// Each entry of ten wins one of two places in about a fifth of the draws: 400 of 2000, give or take six deviations.
#[test]
fn everyone_wins_as_often() {
    let mut won = std::collections::HashMap::new();
    for number in 0..2000_u32 {
        let mut seed = [0; 32];
        seed[..4].copy_from_slice(&number.to_be_bytes());
        for winner in draw(Two, "plan_1", &Seed::new(seed), names(10), 2).expect("sound").winners {
            *won.entry(winner).or_insert(0) += 1;
        }
    }
    assert_eq!(won.len(), 10);
    assert!(won.values().all(|times| (293..=507).contains(times)), "{won:?}");
}

proptest! {
    #[test]
    fn a_draw_does_not_depend_on_the_order_in_which_people_entered(
        random: [u8; 32],
        entries in proptest::collection::hash_set("[a-z0-9_]{1,12}", 0..40),
        places in 0_usize..10,
    ) {
        let seed = Seed::new(random);
        let entries: Vec<String> = entries.into_iter().collect();
        let reversed: Vec<String> = entries.iter().rev().cloned().collect();
        let drawn = draw(Two, "plan_1", &seed, entries, places).expect("sound");
        prop_assert_eq!(&draw(Two, "plan_1", &seed, reversed, places).expect("sound"), &drawn);
        prop_assert_eq!(verify(&drawn, Some(&seed.commitment()), None), Ok(Two));
        prop_assert_eq!(drawn.winners.len(), places.min(drawn.entries.len()));
        let text = serde_json::to_string(&drawn).expect("a draw is JSON");
        prop_assert_eq!(serde_json::from_str::<Draw>(&text).expect("it reads back"), drawn);
    }
}
