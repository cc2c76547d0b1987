//! Domain objects as API 2.0 shows them.

use std::net::IpAddr;

use maas_authz::Actions;
use maas_model::Timestamp;
use maas_region::{
    keys, nodes::Domain, notifications, pools::Pool, sessions, ssh_keys, ssl_keys, tags::Tag, tls, tokens, users,
    zones::Zone,
};
use maas_tls::{CertificateInfo, Problem, Severity};
use maas_wire as wire;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What a path segment may not hold as it is (RFC 3986, section 3.3).
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// A name as a segment of a path.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The names of actions.
pub(crate) fn actions(actions: Actions) -> Vec<String> {
    actions.iter().map(|action| action.as_str().to_owned()).collect()
}

pub(crate) fn user(user: &users::User) -> wire::User {
    wire::User {
        is_superuser: user.role.is_superuser(),
        username: user.username.clone(),
        email: user.email.clone(),
        is_local: user.is_local,
        resource_uri: format!("/MAAS/api/2.0/users/{}/", utf8_percent_encode(&user.username, SEGMENT)),
    }
}

pub(crate) fn pool(pool: &Pool) -> wire::ResourcePool {
    wire::ResourcePool {
        id: pool.id.0,
        name: pool.name.clone(),
        description: pool.description.clone(),
        resource_uri: format!("/MAAS/api/2.0/resourcepool/{}/", pool.id),
    }
}

pub(crate) fn zone(zone: &Zone) -> wire::Zone {
    wire::Zone {
        id: zone.id.0,
        name: zone.name.clone(),
        description: zone.description.clone(),
        resource_uri: format!("/MAAS/api/2.0/zones/{}/", utf8_percent_encode(&zone.name, SEGMENT)),
    }
}

pub(crate) fn tag(tag: &Tag) -> wire::Tag {
    wire::Tag {
        name: tag.name.clone(),
        definition: tag.definition.clone(),
        comment: tag.comment.clone(),
        kernel_opts: tag.kernel_opts.clone(),
        resource_uri: format!("/MAAS/api/2.0/tags/{}/", tag.name),
    }
}

/// Records of domains come later; until then each has none.
pub(crate) fn domain(domain: &Domain) -> wire::Domain {
    wire::Domain {
        id: domain.id.0,
        name: domain.name.clone(),
        ttl: domain.ttl,
        authoritative: domain.is_authoritative,
        resource_record_count: 0,
        is_default: domain.id.0 == 0,
        resource_uri: format!("/MAAS/api/2.0/domains/{}/", domain.id),
    }
}

pub(crate) fn ssh_key(key: &ssh_keys::SshKey) -> wire::SshKey {
    wire::SshKey {
        id: key.id.0,
        key: key.key.clone(),
        keysource: Some(key.keysource.clone()),
        resource_uri: format!("/MAAS/api/2.0/account/prefs/sshkeys/{}/", key.id),
    }
}

pub(crate) fn ssl_key(key: &ssl_keys::SslKey) -> wire::SslKey {
    wire::SslKey {
        id: key.id.0,
        key: key.key.clone(),
        resource_uri: format!("/MAAS/api/2.0/account/prefs/sslkeys/{}/", key.id),
    }
}

/// The secret of a key that exists is known to nobody here.
pub(crate) fn listed_key(key: &keys::ApiKey) -> wire::ListedApiKey {
    wire::ListedApiKey {
        name: key.name.clone(),
        token: format!("{}:{}:********", key.consumer_key, key.token_key),
        created: Some(key.created_at.iso()),
        last_used: time(key.last_used_at),
        expires: time(key.expires_at),
    }
}

pub(crate) fn new_key(new: &keys::NewApiKey) -> wire::NewApiKey {
    wire::NewApiKey {
        token_key: new.key.token_key.clone(),
        token_secret: new.token_secret.expose().clone(),
        consumer_key: new.key.consumer_key.clone(),
        name: new.key.name.clone(),
    }
}

pub(crate) fn token(token: &tokens::Token) -> wire::Token {
    wire::Token {
        id: token.id.0,
        name: token.name.clone(),
        prefix: token.prefix.clone(),
        scope: token.scope.as_str().into(),
        created: token.created_at.iso(),
        expires: token.expires_at.iso(),
        last_used: time(token.last_used_at),
        last_used_ip: address(token.last_used_ip),
        role: token.role.clone(),
        pools: token.pools.clone(),
        networks: token.networks.iter().map(ToString::to_string).collect(),
        resource_uri: format!("/MAAS/api/2.0/tokens/{}/", token.id),
    }
}

pub(crate) fn session(session: &sessions::Session) -> wire::Session {
    wire::Session {
        id: session.id.0,
        created: session.created_at.iso(),
        last_seen: session.last_seen_at.iso(),
        expires: session.expires_at.iso(),
        ip: address(session.ip),
        user_agent: session.user_agent.clone(),
        is_current: session.is_current,
        resource_uri: format!("/MAAS/api/2.0/sessions/{}/", session.id),
    }
}

pub(crate) fn notification(notice: &notifications::Notification) -> wire::Notification {
    wire::Notification {
        id: notice.id.0,
        ident: notice.ident.clone(),
        user: notice.user.as_ref().map(user),
        users: notice.for_users,
        admins: notice.for_admins,
        message: notice.message.clone(),
        context: notice.context.clone(),
        category: notice.category.as_str().into(),
        dismissable: notice.is_dismissable,
        resource_uri: format!("/MAAS/api/2.0/notifications/{}/", notice.id),
    }
}

pub(crate) fn certificate(info: &CertificateInfo, now: Timestamp) -> wire::TlsCertificate {
    wire::TlsCertificate {
        common_name: info.common_name.clone(),
        subject: info.subject.clone(),
        issuer: info.issuer.clone(),
        names: info.names.clone(),
        not_before: info.not_before.iso(),
        not_after: info.not_after.iso(),
        days_left: info.days_left(now),
        fingerprint: info.sha256.clone(),
        key_type: info.key_type.clone(),
        serial: info.serial.clone(),
        chain_length: info.chain_length,
        certificate: info.pem.clone(),
    }
}

pub(crate) fn applied(applied: &tls::Applied) -> wire::TlsApplied {
    wire::TlsApplied {
        region: applied.region.clone(),
        generation: applied.generation,
        fingerprint: applied.fingerprint.clone(),
        error: applied.error.clone(),
    }
}

pub(crate) fn problem(problem: &Problem) -> wire::TlsProblem {
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    wire::TlsProblem { code: problem.code.into(), severity: severity.into(), text: problem.text.clone() }
}

fn time(moment: Option<Timestamp>) -> Option<String> {
    moment.map(Timestamp::iso)
}

fn address(ip: Option<IpAddr>) -> Option<String> {
    ip.map(|ip| ip.to_string())
}

#[cfg(test)]
mod tests {
    use maas_model::{Role, Timestamp, UserId};
    use maas_region::users::User;

    #[test]
    fn a_user_has_five_members_and_an_address_that_can_be_called() {
        let user = User {
            id: UserId(1),
            username: "żółw@x+1".into(),
            email: "a@b.c".into(),
            full_name: String::new(),
            role: Role::Administrator,
            is_active: true,
            is_local: true,
            is_system: false,
            completed_intro: false,
            joined_at: Timestamp::from_secs(0),
            last_login_at: None,
            ssh_key_count: 0,
        };
        let expected = r#"{"is_superuser":true,"username":"żółw@x+1","email":"a@b.c","is_local":true,"resource_uri":"/MAAS/api/2.0/users/%C5%BC%C3%B3%C5%82w@x+1/"}"#;
        assert_eq!(serde_json::to_string(&super::user(&user)).unwrap(), expected);
    }
}
