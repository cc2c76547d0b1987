//! Roles, bindings, groups and explanations, as clients of API 2.0 see them.

use super::*;

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn roles_are_made_given_and_taken() {
    let door = Door::open().await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let (roles, bindings) = (format!("{API}/roles/"), format!("{API}/role-bindings/"));
    assert_eq!(door.get(&roles, Some(&bob)).await.status, StatusCode::FORBIDDEN);
    let names =
        |seen: Seen| seen.json().as_array().unwrap().iter().map(|role| role["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(door.get(&roles, Some(&root)).await), ["administrator", "operator", "user", "auditor"]);
    let bad = door.post(&roles, Some(&root), &form(&[("name", "x"), ("actions", "can_fly")])).await;
    assert!(bad.line().starts_with("400") && bad.body.contains("can_fly"), "{}", bad.body);
    let new = form(&[("name", "power desk"), ("actions", "can_edit_machines")]);
    let seen = door.post(&roles, Some(&root), &new).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    let uri = seen.json()["resource_uri"].as_str().unwrap().to_owned();
    assert_eq!(uri, "/MAAS/api/2.0/roles/power%20desk/");
    let seen = door.call(request("PUT", &uri, Some(&root), FORM, "description=Night%20shift")).await;
    assert_eq!(seen.json()["description"], json!("Night shift"));
    assert!(seen.json()["actions"].as_array().unwrap().contains(&json!("can_view_machines")), "implied");

    let give = [("role", "power desk"), ("user", "bob"), ("pool", "default"), ("expires", "30d")];
    let seen = door.post(&bindings, Some(&root), &form(&[&give[..], &[("dry_run", "true")]].concat())).await;
    let effect = &seen.json()["users"][0];
    assert_eq!(effect["username"], json!("bob"), "{}", seen.body);
    assert!(effect["gains"].as_array().unwrap().contains(&json!("can_edit_machines on pool 'default'")));
    assert_eq!(door.get(&bindings, Some(&root)).await.json().as_array().map(Vec::len), Some(2));
    let seen = door.post(&bindings, Some(&root), &form(&give)).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    assert_eq!(door.post(&bindings, Some(&root), &form(&give)).await.line(), "409 This role is given there already.");
    let one = seen.json();
    assert_eq!((&one["pool"], &one["group"], &one["created_by"]), (&json!("default"), &json!(null), &json!("root")));
    let of = door.get(&format!("{API}/access/?op=of"), Some(&bob)).await.json();
    assert_eq!(of["pools"][0]["pool"], json!("default"), "{of}");

    let seen = door.call(request("DELETE", &uri, Some(&root), "", "")).await;
    assert_eq!(seen.line(), "409 Role 'power desk' is still given 1 times. Take it away first.");
    let place = one["resource_uri"].as_str().unwrap();
    let seen = door.call(request("DELETE", &format!("{place}?dry_run=true"), Some(&root), "", "")).await;
    assert_eq!(seen.json()["users"][0]["username"], json!("bob"));
    assert_eq!(door.call(request("DELETE", place, Some(&root), "", "")).await.line(), "204 ");
    assert_eq!(door.call(request("DELETE", &uri, Some(&root), "", "")).await.line(), "204 ");
    assert_eq!(door.get(&uri, Some(&root)).await.line(), "404 No Role matches the given query.");
}

#[tokio::test]
async fn groups_are_those_that_clients_know() {
    let door = Door::open().await;
    let root = door.key("root").await;
    let groups = format!("{API}/groups/");
    let listed = door.get(&groups, Some(&root)).await.json();
    assert_eq!(
        listed[0],
        json!({"id": 1, "name": "Administrators", "description": "They administer the site.",
            "resource_uri": "/MAAS/api/2.0/groups/1/"})
    );
    assert_eq!(door.post(&groups, Some(&root), "").await.line(), "400 Name is required.");
    let made = door.post(&groups, Some(&root), "name=lab").await;
    assert_eq!(made.status, StatusCode::OK);
    let uri = made.json()["resource_uri"].as_str().unwrap().to_owned();
    let id = made.json()["id"].as_i64().unwrap();
    let post = async |op: &str, fields: &str| door.post(&format!("{uri}?op={op}"), Some(&root), fields).await.line();
    assert_eq!(post("add_member", "").await, "400 username is required.");
    assert_eq!(post("add_member", "username=x").await, "404 User 'x' not found.");
    assert_eq!(post("add_member", "username=bob").await, "200 OK");
    let twice = format!("409 User `bob` is already a member of the group with ID `{id}`.");
    assert_eq!(post("add_member", "username=bob").await, twice);
    let members = door.get(&format!("{uri}?op=list_members"), Some(&root)).await.json();
    assert_eq!(members, json!([{"username": "bob", "email": "bob@example.org"}]));
    assert_eq!(post("remove_member", "username=bob").await, "204 ");

    let fields = |kind: &str, id: &str, word: &str| format!("resource_type={kind}&resource_id={id}&entitlement={word}");
    assert_eq!(post("add_entitlement", "").await, "400 resource_type is required.");
    let cases = [
        (fields("maas", "x", "can_edit_machines"), "400 resource_id must be an integer."),
        (fields("maas", "1", "can_edit_machines"), "400 resource_id must be 0 for 'maas' type."),
        (fields("rack", "0", "can_edit_machines"), "400 Unknown resource type 'rack': it is 'maas' or 'pool'."),
        (fields("pool", "0", "can_fly"), "400 Unknown entitlement 'can_fly' for resource type 'pool'."),
        (
            fields("pool", "0", "can_edit_identities"),
            "400 Unknown entitlement 'can_edit_identities' for resource type 'pool'.",
        ),
        (fields("pool", "99", "can_edit_machines"), "404 ResourcePool with id 99 not found."),
        (fields("pool", "0", "can_edit_machines"), "200 OK"),
    ];
    for (fields, wanted) in cases {
        assert_eq!(post("add_entitlement", &fields).await, wanted);
    }
    let held = door.get(&format!("{uri}?op=list_entitlements"), Some(&root)).await.json();
    assert_eq!(held, json!([{"resource_type": "pool", "resource_id": 0, "entitlement": "can_edit_machines"}]));
    assert_eq!(post("remove_entitlement", &fields("pool", "0", "can_edit_machines")).await, "204 ");
    let gone = door.call(request("DELETE", &uri, Some(&root), "", "")).await;
    assert_eq!(gone.line(), "204 ");
    assert_eq!(door.get(&uri, Some(&root)).await.line(), format!("404 UserGroup with id {id} not found."));
    assert_eq!(door.get(&format!("{groups}x/"), Some(&root)).await.line(), "404 UserGroup with id x not found.");
    let last = door.post(&format!("{groups}1/?op=remove_member"), Some(&root), "username=root").await;
    assert_eq!(last.status, StatusCode::CONFLICT, "{}", last.body);
}

#[tokio::test]
async fn whoever_is_refused_is_told_why() {
    let door = Door::open().await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let seen = door.get(&format!("{API}/roles/"), Some(&bob)).await;
    assert_eq!(seen.header("x-maas-error-code"), "MissingPermission");
    assert!(
        seen.body.ends_with("\nNone of the roles held on the whole site includes `can_view_identities`. Ask root.")
    );
    let access = format!("{API}/access/");
    let own = door.get(&format!("{access}?op=explain&action=can_view_identities"), Some(&bob)).await.json();
    assert_eq!(
        (&own["user"], &own["allowed"], &own["who_can_grant"]),
        (&json!("bob"), &json!(false), &json!(["root"]))
    );
    let other = format!("{access}?op=explain&user=root&action=can_view_identities");
    assert_eq!(door.get(&other, Some(&bob)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(door.get(&other, Some(&root)).await.json()["allowed"], json!(true));
    let can = door.get(&format!("{access}?op=who_can&action=deploy&object=pool:default"), Some(&root)).await;
    assert_eq!(can.json(), json!(["root"]));
    let matrix = door.get(&format!("{access}?op=matrix"), Some(&bob)).await.json();
    assert_eq!(matrix["roles"][1], json!("operator"));
    assert_eq!(matrix["machines"][0]["answers"][2], json!({"own": "yes", "free": "yes", "other": "hidden"}));
}

#[tokio::test]
async fn users_see_themselves_alone() {
    let door = Door::open().await;
    let bob = door.key("bob").await;
    let users = format!("{API}/users/");
    let names =
        |seen: Seen| seen.json().as_array().unwrap().iter().map(|user| user["username"].clone()).collect::<Vec<_>>();
    assert_eq!(names(door.get(&users, Some(&bob)).await), ["bob"]);
    assert_eq!(names(door.get(&users, Some(&door.key("root").await)).await).len(), 4);
    for name in ["root", "nobody"] {
        let seen = door.get(&format!("{users}{name}/"), Some(&bob)).await;
        assert_eq!(seen.line(), "404 No User matches the given query.");
    }
    assert_eq!(door.get(&format!("{users}bob/"), Some(&bob)).await.json()["username"], json!("bob"));
    // What only administrators may set changes nothing when others send it.
    let edited = door.post(&format!("{users}bob/?op=edit"), Some(&bob), "full_name=Bob&is_superuser=1").await;
    assert_eq!(edited.status, StatusCode::BAD_REQUEST, "{}", edited.body);
    assert_eq!(door.get(&format!("{users}?op=whoami"), Some(&bob)).await.json()["is_superuser"], json!(false));
}

#[tokio::test]
async fn a_session_is_asked_for_its_password_again() {
    let door = Door::open().await;
    let seen = door.log_in("root").await;
    let (session, csrf) = (seen.cookie("sessionid"), seen.cookie("csrftoken"));
    let token = csrf.trim_start_matches("csrftoken=").to_owned();
    let post = async |path: &str, fields: &str| {
        let mut request = request("POST", path, None, FORM, fields);
        let headers = request.headers_mut();
        headers.insert("cookie", format!("{session}; {csrf}").parse().unwrap());
        headers.insert("x-csrftoken", token.parse().unwrap());
        headers.insert("origin", "https://maas.example:5443".parse().unwrap());
        door.call(request).await
    };
    let groups = format!("{API}/groups/");
    assert_eq!(post(&groups, "name=a").await.status, StatusCode::OK);
    door.clock.advance(std::time::Duration::from_secs(16 * 60));
    let seen = post(&groups, "name=b").await;
    assert_eq!(
        seen.line(),
        "403 Your password is needed again for this.\n\
         Enter your password again, then repeat this within fifteen minutes."
    );
    assert_eq!(seen.header("x-maas-error-code"), "StepUpRequired");
    assert_eq!(post("/MAAS/accounts/reauthenticate/", "password=x").await.status, StatusCode::BAD_REQUEST);
    let seen = post("/MAAS/accounts/reauthenticate/", &format!("password={PASSWORD}")).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    assert_eq!(post(&groups, "name=b").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_is_narrowed_by_its_maker() {
    let door = Door::open().await;
    let root = door.key("root").await;
    let fields = form(&[
        ("name", "ci"),
        ("scope", "all"),
        ("role", "operator"),
        ("pools", "default"),
        ("networks", "192.0.2.0/24, 10.0.0.0/8"),
    ]);
    let seen = door.post(&format!("{API}/tokens/"), Some(&root), &fields).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    let made = seen.json();
    assert_eq!((&made["role"], &made["pools"]), (&json!("operator"), &json!(["default"])));
    assert_eq!(made["networks"], json!(["192.0.2.0/24", "10.0.0.0/8"]));
    let mut asked = request("GET", &format!("{API}/roles/"), None, "", "");
    let value = format!("Bearer {}", made["value"].as_str().unwrap());
    asked.headers_mut().insert("authorization", value.parse().unwrap());
    let seen = door.call(asked).await;
    assert_eq!(seen.header("x-maas-error-code"), "NarrowToken");
    assert!(seen.body.contains("which its owner holds"), "{}", seen.body);
}
