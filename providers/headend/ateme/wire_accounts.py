"""Who calls, for whom and where: sessions, organisations, environments, the cloud catalogue (A-101..144)."""

# ruff: noqa: E501
# fmt: off
from headend.core.wire.operations import Operation

ROWS = [
    # Session and current user
    Operation("session.login", "POST", "/api/login", "A-101", "Log in and get JWT to make further API calls", "A", "any"),
    Operation("session.switch_environment", "POST", "/api/user/active_environment", "A-102", "Switch active environment", "A", "SU · member · holder of an active source permission", danger="moves this login for everybody who uses it; headend switches by itself (A-11)"),
    Operation("session.switch_organisation", "POST", "/api/user/active_organisation", "A-103", "Switch to a new active organisation ID", "A", "member · accepted source invitation", danger="moves this login for everybody who uses it; headend switches by itself (A-11)"),
    Operation("session.switch_managing", "POST", "/api/user/managing_organisation", "A-104", "Switch managing organisation", "A", "permission in target org", danger="moves this login for everybody who uses it; headend switches by itself (A-6)"),
    Operation("user.me", "GET", "/api/user", "A-105", "Get logged in user details", "D", "any"),
    Operation("user.permissions", "GET", "/api/user/permissions", "A-106", "Get logged in user permissions", "A", "any"),
    Operation("user.active_org", "GET", "/api/user/active_organisation", "A-107", "Get logged in users active organisation details", "A", "any", danger="is deprecated; user.me tells it (A-107)"),
    Operation("user.get", "GET", "/api/users/{user_id}", "A-108", "Get user details", "A", "self · SU", danger="is doubted by its own documentation (A-108)"),
    Operation("user.getting_started_seen", "POST", "/api/user/getting_started_seen", "A-109", "Mark getting started seen", "A", "self", danger="is for the platform's own pages (A-902)"),
    Operation("user.mute_notifications", "PUT", "/api/user/muted_notification_categories", "A-110", "Mute notifications by category for user", "A", "self", danger="can't be read back; notification.muted_set can (A-902)"),
    Operation("user.delete", "DELETE", "/api/users/{user_id}", "A-111", "Delete user", "A", "SU", danger="is for the vendor's staff (A-55)"),
    # Organisations, members, invitations to join
    Operation("organisation.list", "GET", "/api/organisations", "A-112", "Get organisations for the organisations dropdown", "D*", "any"),
    Operation("organisation.create", "POST", "/api/organisations", "A-113", "Create organisation and become an admin for it", "A", "any"),
    Operation("organisation.update", "PUT", "/api/organisations/{organisation_id}", "A-114", "Update organisation details", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
    Operation("organisation.delete", "DELETE", "/api/organisations/{organisation_id}", "A-115", "Delete organisation", "A", "SU", danger="is for the vendor's staff, and deletes all that the organisation has (A-55, A-115)"),
    Operation("organisation.manageable", "GET", "/api/organisations/manageable", "A-116", "List organisations that I can manage", "A", "any; SU/AC see all"),
    Operation("organisation.guest_of", "GET", "/api/organisations/guest", "A-117", "List organisations Im guest of", "A", "mo member"),
    Operation("organisation.root_user", "PUT", "/api/organisations/{organisation_id}/root_user", "A-118", "Change root user of organisation", "A", "root user of mo", danger="hands the organisation over (A-55)"),
    Operation("organisation.leave", "POST", "/api/organisations/leave", "A-119", "Leave managing organisation", "A", "self", danger="takes this login out of the organisation (A-55)"),
    Operation("org_user.add", "POST", "/api/organisation_users", "A-120", "Add user to organisation", "A", "mo A (assumed)"),
    Operation("org_user.list", "GET", "/api/organisation_users", "A-121", "Get users in organisation", "A", "A/SU/AC see all, others only self"),
    Operation("org_user.permission", "PUT", "/api/organisation_users/{user_id}/permissions", "A-122", "Update organisation user permission", "A", "A · SU · AC admin"),
    Operation("org_user.remove", "DELETE", "/api/organisation_users/{user_id}", "A-123", "Remove user from organisation", "A", "mo A (assumed)", danger="may delete the whole user (A-123)"),
    Operation("org_invitation.remove", "DELETE", "/api/organisation_invitations?email={email}", "A-124", "Remove organisation invitation by email", "A", "SU · A of inviting mo"),
    Operation("org_invitation.decline", "POST", "/api/organisation_invitations/{organisation_id}/decline", "A-125", "Decline organisation invitation", "A", "invited user"),
    # Environment (customer environment, c_env)
    Operation("environment.create", "POST", "/api/customer_environment", "A-126", "Create new environment", "A", "A · SU", danger="costs money (A-54)"),
    Operation("environment.get", "GET", "/api/customer_environment/{environment_id}", "A-127", "Get environment details", "D", "member with that org ACTIVE"),
    Operation("environment.list_running", "GET", "/api/customer_environment", "A-128", "Get environments running in active org", "A", "ao"),
    Operation("environment.dropdown", "GET", "/api/customer_environment/dropdown", "A-129", "List environments for dropdowns", "A", "mo"),
    Operation("environment.delete", "DELETE", "/api/customer_environment/{environment_id}", "A-130", "Delete customer environment", "A", "A · SU", danger="deletes all that is in the environment (A-410)"),
    Operation("environment.start", "POST", "/api/customer_environment/{environment_id}/start", "A-131", "Start customer environment", "A", "A · SU"),
    Operation("environment.stop", "POST", "/api/customer_environment/{environment_id}/stop", "A-132", "Stop customer environment", "A", "A · SU"),
    Operation("environment.soft_restart", "POST", "/api/customer_environment/{environment_id}/soft_restart", "A-133", "Soft restart customer environment", "A", ""),
    Operation("environment.upgrade", "POST", "/api/customer_environment/{environment_id}/upgrade", "A-134", "Upgrading customer environment (not for normal usage)", "A", "A · SU", danger="is not for normal use (A-134)"),
    Operation("environment.update_from_git", "POST", "/api/customer_environment/{environment_id}/update_from_git", "A-135", "Do a quick customer environment update from git", "A", "", danger="is the vendor's tool (A-55)"),
    Operation("upgrade.list", "GET", "/api/scheduled_upgrades", "A-136", "List pending scheduled upgrades for environments in active org", "A", "ao member"),
    Operation("upgrade.update", "PUT", "/api/scheduled_upgrades/{upgrade_id}", "A-137", "Update scheduled environment upgrade / start upgrade now", "A", "A · SU"),
    Operation("environment.zixi_configs", "GET", "/api/customer_environment/{environment_id}/zixi_configs", "A-138", "List Zixi Configs for C Env", "A", ""),
    Operation("environment_image.create", "POST", "/api/environment_images", "A-139", "Create c_env images", "A", "SU", danger="is for the vendor's staff (A-55)"),
    Operation("environment_image.delete", "DELETE", "/api/environment_images", "A-140", "Delete c_env images", "A", "SU", danger="is for the vendor's staff (A-55)"),
    # Cloud catalogue
    Operation("cloud.providers", "GET", "/api/cloud_providers", "A-141", "Get supported cloud providers", "A", "any"),
    Operation("cloud.regions", "GET", "/api/cloud_providers/{cloud_provider}/regions", "A-142", "Get supported regions in selected cloud provider", "A", "any"),
    Operation("cloud.instance_types", "GET", "/api/cloud_providers/{cloud_provider}/regions/{region}/instance_types", "A-143", "Get instance types / sizes in region and cloud provider", "A", "needs a mo"),
    Operation("cloud.region_location", "PUT", "/api/cloud_providers/{cloud_provider}/regions/{region}", "A-144", "Update supported region latitude and longitude", "A", "SU · AC", danger="is for the vendor's staff (A-55)"),
]
