//! What the resources take and answer.

use super::*;

#[tokio::test]
async fn users_come_and_go() {
    let door = Door::open().await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let users = format!("{API}/users/");
    let new = format!("username=eve&email=eve%40example.org&password={PASSWORD}&is_superuser=0");
    let seen = door.post(&users, Some(&bob), "").await;
    assert_eq!(
        seen.line(),
        "403 User does not have permission to perform this operation. The user should have permission \
         'can_edit_identities'\n\
         None of the roles held on the whole site includes `can_edit_identities`. Ask root."
    );
    assert_eq!(door.post(&users, Some(&root), "username=eve").await.line(), "400 No provided email!");
    let seen = door.post(&format!("{users}?op="), Some(&root), &new).await;
    assert_eq!((seen.status.as_u16(), &seen.json()["username"]), (200, &json!("eve")));
    let seen = door.post(&users, Some(&root), &new.replace("eve%40", "eve2%40")).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert_eq!(seen.json()["username"], json!(["A user with that username already exists."]));
    let seen = door.post(&format!("{users}eve/?op=edit"), Some(&root), "full_name=Eve&is_superuser=1").await;
    assert_eq!(seen.json()["is_superuser"], json!(true));
    let eve = door.key("eve").await;
    assert_eq!(door.post(&format!("{users}eve/?op=disable"), Some(&root), "").await.status, StatusCode::OK);
    let seen = door.get(&format!("{users}?op=whoami"), Some(&eve)).await;
    assert_eq!(seen.line(), "403 User is not allowed access to this API.");
    for _ in 0..2 {
        let seen = door.call(request("DELETE", &format!("{users}eve/"), Some(&root), "", "ignored")).await;
        assert_eq!(seen.line(), "204 ");
    }
    assert_eq!(door.get(&format!("{users}eve/"), Some(&root)).await.line(), "404 No User matches the given query.");
    let seen = door.call(request("DELETE", &format!("{users}root/"), Some(&root), "", "")).await;
    assert_eq!(seen.line(), "400 An administrator cannot self-delete.");
}

#[tokio::test]
async fn own_keys_are_listed_masked() {
    let door = Door::open().await;
    let bob = door.key("bob").await;
    let account = format!("{API}/account/");
    let made = door.post(&format!("{account}?op=create_authorisation_token"), Some(&bob), "name=x").await.json();
    let token_key = made["token_key"].as_str().unwrap();
    let listed = door.get(&format!("{account}?op=list_authorisation_tokens"), Some(&bob)).await;
    assert!(listed.body.contains(&format!("{token_key}:********")) && !listed.body.contains(&bob.secret));
    let rename = format!("{account}?op=update_token_name");
    assert_eq!(door.post(&rename, Some(&bob), &format!("token=a:{token_key}:c&name=y")).await.line(), "202 Accepted");
    let delete = format!("{account}?op=delete_authorisation_token");
    assert_eq!(door.post(&delete, Some(&bob), "").await.line(), "400 No provided token_key!");
    assert_eq!(door.post(&delete, Some(&bob), &format!("token_key={token_key}")).await.line(), "204 ");
    let seen = door.post(&delete, Some(&bob), &format!("token_key={token_key}")).await;
    assert_eq!(seen.line(), "404 No Token matches the given query.");
}

#[tokio::test]
async fn settings_notices_keys_and_events_answer() {
    let door = Door::open().await;
    let (root, bob) = (door.key("root").await, door.key("bob").await);
    let maas = format!("{API}/maas/");
    assert_eq!(
        door.post(&format!("{maas}?op=set_config"), Some(&root), "name=").await.line(),
        "400 Invalid name: Please enter a value"
    );
    assert_eq!(
        door.post(&format!("{maas}?op=set_config"), Some(&root), "name=kernel_opts").await.line(),
        "400 No provided value!"
    );
    assert_eq!(
        door.post(&format!("{maas}?op=set_config"), Some(&root), "name=maas_name&value=x").await.line(),
        "200 OK"
    );
    assert_eq!(door.get(&format!("{maas}?op=get_config&name=maas_name"), Some(&bob)).await.line(), "200 \"x\"");
    assert_eq!(door.get(&format!("{maas}?op=get_config"), Some(&bob)).await.line(), "400 No provided name!");
    let seen = door.get(&format!("{maas}?op=get_config&name=http_proxy"), Some(&bob)).await;
    assert_eq!(seen.status, StatusCode::FORBIDDEN, "{}", seen.body);
    assert!(seen.body.contains("can_view_configurations"), "{}", seen.body);

    let notices = format!("{API}/notifications/");
    let seen = door.post(&notices, Some(&root), "message=hello&users=true").await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
    let uri = seen.json()["resource_uri"].as_str().unwrap().to_owned();
    let put = door.call(request("PUT", &uri, Some(&root), FORM, "message=hi")).await;
    assert_eq!((&put.json()["message"], &put.json()["resource_uri"]), (&json!("hi"), &json!(uri)));
    assert_eq!(door.post(&format!("{uri}?op=dismiss"), Some(&bob), "").await.line(), "200 null");
    assert_eq!(door.get(&notices, Some(&bob)).await.json(), json!([]));
    assert_eq!(door.get(&notices, Some(&root)).await.json().as_array().map(Vec::len), Some(1));

    let keys = format!("{API}/account/prefs/sshkeys/");
    assert_eq!(door.post(&keys, Some(&bob), "").await.json(), json!({"key": ["This field is required."]}));
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJH5cSHSBMTHk2wkNwmM9WZ/nKm6vGaV1tIk2YkEoSqY me@here";
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("key", key).finish();
    let seen = door.post(&keys, Some(&bob), &form).await;
    if seen.status == StatusCode::CREATED {
        let uri = seen.json()["resource_uri"].as_str().unwrap().to_owned();
        assert_eq!(door.call(request("DELETE", &uri, Some(&root), "", "")).await.status, StatusCode::FORBIDDEN);
        assert_eq!(door.call(request("DELETE", &uri, Some(&bob), "", "")).await.line(), "204 ");
    }
    assert_eq!(door.get(&format!("{keys}x/"), Some(&bob)).await.line(), "404 No SSHKey matches the given query.");

    let events = door.get(&format!("{API}/events/?op=query&level=AUDIT&limit=1"), Some(&root)).await.json();
    assert_eq!(events["count"], json!(1));
    assert!(
        events["next_uri"].as_str().unwrap().starts_with("/MAAS/api/2.0/events/?op=query&level=AUDIT&limit=1&after=")
    );
}
