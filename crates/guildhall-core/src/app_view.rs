//! Views of apps: the paths at which an app shows itself.

/// Where an app shows an experience, when it says nothing else.
pub const EXPERIENCE_VIEW: &str = "/experiences/[experienceId]";
/// Where it shows itself to a company's team.
pub const DASHBOARD_VIEW: &str = "/dashboard/[companyId]";
/// Where it shows itself to those who look around.
pub const DISCOVER_VIEW: &str = "/discover";

/// A view's path with its placeholder filled in; there is no rest of a path to append.
#[must_use]
pub fn view_path(template: &str, placeholder: &str, value: &str) -> String {
    let path = template.replace("/[restPath]", "").replace("[restPath]", "");
    path.replace(&format!("[{placeholder}]"), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_in() {
        assert_eq!(view_path(EXPERIENCE_VIEW, "experienceId", "exp_1"), "/experiences/exp_1");
        assert_eq!(view_path("/x/[experienceId]/[restPath]?a=b", "experienceId", "exp_1"), "/x/exp_1?a=b");
        assert_eq!(view_path(DASHBOARD_VIEW, "companyId", "biz_1"), "/dashboard/biz_1");
    }
}
