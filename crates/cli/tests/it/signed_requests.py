"""requests-oauthlib, as it comes, signs requests with PLAINTEXT: URL KEY. Trust comes from REQUESTS_CA_BUNDLE."""

import sys

from requests_oauthlib import OAuth1Session


def main(url, key):
    consumer_key, token_key, token_secret = key.split(":")
    session = OAuth1Session(
        consumer_key,
        resource_owner_key=token_key,
        resource_owner_secret=token_secret,
        signature_method="PLAINTEXT",
    )
    me = session.get(url + "/api/2.0/users/?op=whoami")
    assert me.status_code == 200 and me.json()["username"] == "admin", (me.status_code, me.text)
    made = session.post(url + "/api/2.0/account/?op=create_authorisation_token", data={"name": "from oauthlib"})
    assert made.status_code == 200 and len(made.json()["token_secret"]) == 32, (made.status_code, made.text)
    listed = session.get(url + "/api/2.0/account/?op=list_authorisation_tokens").json()
    assert "from oauthlib" in [one["name"] for one in listed], listed

    wrong = OAuth1Session(
        consumer_key, resource_owner_key=token_key, resource_owner_secret="x" * 32, signature_method="PLAINTEXT"
    )
    refused = wrong.get(url + "/api/2.0/users/?op=whoami")
    assert refused.status_code == 401 and token_secret not in refused.text, (refused.status_code, refused.text)
    print("signed")


main(*sys.argv[1:])
