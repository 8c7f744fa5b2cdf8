//! Who lives in the demo world, what they own, and what they have been saying.

use super::World;
use guildhall_app::Result;
use guildhall_app::access_pass::{AccessPassKind, NewAccessPass, Visibility};
use guildhall_app::company::NewCompany;
use guildhall_app::experience::NewExperience;
use guildhall_app::founding::{EarlierPost, Founder};
use guildhall_app::membership::NewMembership;
use guildhall_app::plan::NewPlan;
use guildhall_app::user::NewUser;
use guildhall_core::billing::Terms;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{AccessPassId, CompanyId, ExperienceId, Id, PlanId, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::membership::MembershipStatus;
use guildhall_core::money::Currency;
use guildhall_core::oauth::RedirectUri;
use guildhall_core::permission::Role;
use std::path::PathBuf;

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// How long before now the community was founded, in milliseconds.
const AGE_MS: i64 = 30 * DAY_MS;
/// Opening balances in minor units of usd.
const COMPANY_OPENING_MINOR: i64 = 100_000;
const CUSTOMER_OPENING_MINOR: i64 = 10_000;

/// Where the demo app can be signed in to from, and whether it can keep no secret there: Auth.js as the app templates
/// have it, the example of the published client, and an app that runs in the browser.
const REDIRECT_URIS: [(&str, bool); 3] = [
    ("http://localhost:3000/api/auth/callback/whop", false),
    ("http://localhost:3000/api/oauth/callback", false),
    ("http://localhost:3000/callback", true),
];

/// Username, name, a few words.
const CUSTOMERS: [(&str, &str, &str); 12] = [
    ("mira", "Mira Okafor", "Carves spoons, mostly on trains."),
    ("tomas", "Tomás Rivera", "First bench finished, second one planned."),
    ("yuki", "Yuki Tanaka", "Hand planes over power planes."),
    ("ines", "Inês Duarte", "Restores chairs nobody wanted."),
    ("oskar", "Oskar Lindqvist", "Owns too many chisels."),
    ("amara", "Amara Nwosu", "Green wood, sharp axe."),
    ("lena", "Lena Fischer", "Learning dovetails, slowly."),
    ("ravi", "Ravi Menon", "Makes toys for two critics aged four."),
    ("claire", "Claire Dubois", "Finishes: oil, wax, patience."),
    ("noah", "Noah Berg", "Timber frames and sore shoulders."),
    ("sofia", "Sofia Rossi", "Turned her first bowl last month."),
    ("kofi", "Kofi Mensah", "Sharpening is half of it."),
];

/// Who said what, in order, over the last week. `o` is the owner, `m` the moderator.
const CHAT: &[(&str, &str)] = &[
    (
        "o",
        "Good morning, everyone. The **spring bench build** starts on Monday; the cut list is in the forum.",
    ),
    ("mira", "Finally! I have been saving ash for this since autumn."),
    ("tomas", "Do we flatten the top before or after the legs go in?"),
    ("o", "After. Wood moves when it meets its legs, so flatten what you will stand at."),
    ("oskar", "And sharpen before everything. Twice."),
    ("kofi", "Three times."),
    ("lena", "My dovetails look like a picket fence. Any drill for keeping the saw plumb?"),
    (
        "yuki",
        "@lena cut a hundred lines in scrap, no joint, only lines. It took me a week and it is boring and it works.",
    ),
    ("lena", "A hundred it is."),
    ("m", "Reminder: photos of work in progress are welcome here, adverts are not."),
    ("ines", "Found four chairs at the kerb. Two are worth saving. I am taking all four."),
    ("amara", "Of course you are."),
    ("ravi", "The critics have returned the wooden lorry for *insufficient wheels*."),
    ("noah", "Fair feedback, honestly."),
    ("sofia", "Which gouge for the inside of a bowl, shallow or deep fluted?"),
    (
        "claire",
        "Deep for hollowing, shallow for the last passes. And stop a little before you think you should.",
    ),
    ("sofia", "Too late for bowl number one. It is now a ring."),
    ("oskar", "A very wide ring."),
    ("tomas", "First coat of oil on the bench top. It went from grey to honey in a minute."),
    ("claire", "That minute is why we do this."),
    ("kofi", "What oil, and did you thin it?"),
    ("tomas", "Raw linseed, nothing in it, wiped off after twenty minutes."),
    ("m", "The Thursday call moves to 19:00 this week. Bring your dullest blade."),
    ("mira", "That narrows it down to all of them."),
    ("yuki", "Line number sixty. It is getting straighter, or I am getting used to it."),
    ("lena", "I am at eighty-one and my saw and I are friends now."),
    ("noah", "Raised the last rafter today. Nobody fell, nothing fits, everybody is happy."),
    ("amara", "Pictures or it stays a pile of logs."),
    ("ines", "One chair saved. Glue is drying. Please nobody sit down until Saturday."),
    ("o", "Great week, all. New members: say hello, tell us what is on your bench."),
    ("ravi", "Lorry, second delivery: six wheels. Accepted without comments."),
    ("mira", "Hello from the train. Spoon number forty is a **good** one."),
];

/// Who wrote which title and text in the forum, and its comments.
type Thread = (&'static str, &'static str, &'static str, bool, &'static [(&'static str, &'static str)]);

const FORUM: &[Thread] = &[
    (
        "o",
        "Start here: how the workshop works",
        "Welcome. Chat is for the day, the forum is for what should still be found next year.\n\n- Say what you tried before you ask.\n- Measure twice, post once.\n- Be kind to beginners; you were one on a Tuesday.",
        true,
        &[("sofia", "Tuesday beginner reporting."), ("kofi", "Same. Some Tuesdays I still am.")],
    ),
    (
        "o",
        "Spring bench: cut list and plan",
        "Top 1800 × 300 × 70, legs 90 × 90 × 820, stretchers 90 × 45. Ash or beech; pine if you add 10 mm everywhere.\n\n1. Rough cut and wait a week.\n2. Mortises before anything is round.\n3. Flatten last.",
        false,
        &[
            ("tomas", "Would 60 for the top be too thin?"),
            ("o", "It will do. It will also ring like a bell."),
            ("noah", "Mortises by hand or drilled first?"),
        ],
    ),
    (
        "m",
        "Thursday call: sharpening, the notes",
        "Coarse stone until there is a burr along the *whole* edge, then finer, then strop. Most dull blades were never finished on the coarse stone.",
        false,
        &[("lena", "The burr along the whole edge was my missing piece. Thank you.")],
    ),
    (
        "o",
        "Finishes that survive children",
        "Hard wax oil, two thin coats, and a note on the calendar to do it again in a year. Everything else is a promise.",
        false,
        &[("ravi", "Tested by experts. Approved."), ("claire", "Thin is the important word.")],
    ),
];

struct People {
    owner: UserId,
    moderator: UserId,
    customers: Vec<UserId>,
}

impl People {
    fn of(&self, who: &str) -> &UserId {
        match who {
            "o" => &self.owner,
            "m" => &self.moderator,
            name => {
                let index = CUSTOMERS.iter().position(|(username, ..)| *username == name);
                &self.customers[index.expect("the story names only its people")]
            }
        }
    }
}

/// The usernames of everyone who signs in.
pub(super) fn usernames() -> impl Iterator<Item = &'static str> {
    ["hanna", "jun", "pia", "stranger"].into_iter().chain(CUSTOMERS.iter().map(|(username, ..)| *username))
}

/// Makes everything, as of a month ago, and tells the story since.
pub(super) fn tell(founder: &mut Founder<'_, '_>) -> Result<World> {
    let now = founder.now_ms();
    founder.set_now(now - AGE_MS);
    let owner = founder.user(&person("hanna", "Hanna Vogel", "Keeps the workshop open."))?;
    let moderator = founder.user(&person("jun", "Jun Park", "Keeps the shavings off the floor."))?;
    let company = founder.company(&NewCompany {
        owner: owner.clone(),
        title: "The Open Workshop".into(),
        route: "open-workshop".into(),
        industry_type: Some("home_goods".into()),
        business_type: Some("community".into()),
    })?;
    founder.team_member(&company, &moderator, Role::Moderator)?;
    let (access_pass, free_plan) = sell(founder, &company, "Workshop floor", "workshop-floor", 0)?;
    let (paid_access_pass, plan) = sell(founder, &company, "Master class", "master-class", 2900)?;
    let mut customers = Vec::with_capacity(CUSTOMERS.len());
    for (username, name, bio) in CUSTOMERS {
        let user = founder.user(&person(username, name, bio))?;
        founder.membership(&membership(&company, &access_pass, &free_plan, &user))?;
        customers.push(user);
    }
    let stranger = founder.user(&person("stranger", "Sam Stranger", "Just looking."))?;
    let app = founder.app(&company, "Bench Planner", Some("http://localhost:3000"))?;
    let agent = founder.agent(&app, &person("bench-planner", "Bench Planner", "Plans benches."))?;
    let mut place = |kind, name: &str| {
        let new = NewExperience {
            company: company.clone(),
            app: app.clone(),
            kind,
            name: name.into(),
            description: None,
            expires_at: None,
        };
        founder.experience(&new, &[&access_pass], None)
    };
    let chat_experience = place(ExperienceKind::Chat, "General")?;
    let forum_experience = place(ExperienceKind::Forum, "Notes")?;
    let app_experience = place(ExperienceKind::App, "Bench Planner")?;
    let usd = Currency::parse("usd")?;
    let customer = customers[0].clone();
    founder.fund(AccountKind::Company, company.as_str(), usd, COMPANY_OPENING_MINOR, "demo company")?;
    founder.fund(AccountKind::User, customer.as_str(), usd, CUSTOMER_OPENING_MINOR, "demo customer")?;
    let people = People { owner, moderator, customers };
    chatter(founder, &chat_experience, &people, now)?;
    threads(founder, &forum_experience, &people, now)?;
    founder.set_now(now);
    Ok(World {
        company,
        app,
        agent,
        owner: people.owner,
        moderator: people.moderator,
        customer,
        stranger,
        access_pass,
        paid_access_pass,
        plan,
        chat_experience,
        forum_experience,
        app_experience,
        api_key: String::new(),
        password: String::new(),
        file: PathBuf::new(),
    })
}

/// What was added to the story later, so that worlds of earlier versions have it too: where people who sign in through
/// the app are sent, and a second company, whose owner builds apps that others install.
pub(super) fn go_on(founder: &mut Founder<'_, '_>, world: &World) -> Result<()> {
    founder.redirect_uris(&world.app, &redirect_uris()?)?;
    let owner =
        founder.user(&person("pia", "Pia Halvorsen", "Builds small tools for other people's benches."))?;
    founder.company(&NewCompany {
        owner,
        title: "The Plan Room".into(),
        route: "plan-room".into(),
        industry_type: None,
        business_type: None,
    })?;
    Ok(())
}

/// Where apps that are developed on this machine have answers sent.
fn redirect_uris() -> Result<Vec<RedirectUri>> {
    let uris = REDIRECT_URIS.iter().map(|(uri, is_public)| Ok(RedirectUri::parse(uri, *is_public)?));
    uris.collect()
}

fn person(username: &str, name: &str, bio: &str) -> NewUser {
    NewUser {
        username: username.into(),
        name: Some(name.into()),
        email: Some(format!("{username}@example.com")),
        bio: Some(bio.into()),
    }
}

/// A pass and its plan: free for good, or so much a month.
fn sell(
    founder: &mut Founder<'_, '_>,
    company: &CompanyId,
    title: &str,
    route: &str,
    monthly_minor: i64,
) -> Result<(AccessPassId, PlanId)> {
    let pass = founder.access_pass(&NewAccessPass {
        company: company.clone(),
        kind: AccessPassKind::Regular,
        title: title.into(),
        route: route.into(),
        headline: Some("A bench, a few tools, and people who like both.".into()),
        shortened_description: None,
        visibility: Visibility::Visible,
    })?;
    let terms = match monthly_minor {
        0 => Terms::OneTime { price_minor: 0, expiration_days: None },
        renewal_price_minor => {
            Terms::Renewal { initial_price_minor: 0, renewal_price_minor, period_days: 30, trial_days: 0 }
        }
    };
    let usd = Currency::parse("usd")?;
    let plan = founder.plan(&NewPlan::of_terms(company.clone(), pass.clone(), usd, terms))?;
    Ok((pass, plan))
}

fn membership(company: &CompanyId, pass: &AccessPassId, plan: &PlanId, user: &UserId) -> NewMembership {
    NewMembership {
        company: company.clone(),
        access_pass: pass.clone(),
        plan: Some(plan.clone()),
        user: user.clone(),
        status: MembershipStatus::Completed,
        paid_until: None,
    }
}

fn chatter(founder: &mut Founder<'_, '_>, chat: &ExperienceId, people: &People, now: i64) -> Result<()> {
    let gap = 7 * DAY_MS / i64::try_from(CHAT.len() + 1).unwrap_or(1);
    for (number, (who, content)) in (1..).zip(CHAT) {
        let at = now - 7 * DAY_MS + number * gap;
        founder.post(
            chat,
            people.of(who),
            &EarlierPost { content: (*content).into(), at, ..EarlierPost::default() },
        )?;
    }
    Ok(())
}

fn threads(founder: &mut Founder<'_, '_>, forum: &ExperienceId, people: &People, now: i64) -> Result<()> {
    let mut at = now - 6 * DAY_MS;
    for (who, title, content, pinned, comments) in FORUM {
        let post = EarlierPost {
            title: Some((*title).into()),
            content: (*content).into(),
            pinned: *pinned,
            at,
            ..EarlierPost::default()
        };
        let parent = founder.post(forum, people.of(who), &post)?;
        for (who, content) in *comments {
            at += 5 * HOUR_MS;
            let content = (*content).to_owned();
            let comment = EarlierPost { content, parent: Some(parent.clone()), at, ..EarlierPost::default() };
            founder.post(forum, people.of(who), &comment)?;
        }
        at += 7 * HOUR_MS;
    }
    Ok(())
}
