//! Credentials, region and endpoint from the files of Amazon's tools, on servers that want them.

use std::process::Command;

use crate::{
    buckets::Bucket,
    captures::BACKFILL,
    sandbox::{Ran, holds},
    servers::Server,
};

/// A home folder with files of Amazon's tools, where `SERVER` and `HOME` stand for what they are.
fn home(bucket: &Bucket<'_>, config: &str, credentials: &str) {
    let home = bucket.sandbox.path("home");
    let fill = |text: &str| {
        let server = format!("http://{}", bucket.server.address);
        text.replace("SERVER", &server).replace("HOME", home.to_str().unwrap())
    };
    std::fs::create_dir_all(home.join(".aws")).unwrap();
    std::fs::write(home.join(".aws/config"), fill(config)).unwrap();
    std::fs::write(home.join(".aws/credentials"), fill(credentials)).unwrap();
}

/// The program with that home and nothing else but what is said here.
fn ran(bucket: &Bucket<'_>, variables: &[(&str, &str)], line: &str) -> Ran {
    let mut command: Command = bucket.command(&bucket.server.address, line);
    command.env_clear().env("HOME", bucket.sandbox.path("home")).env("AWS_ALLOW_HTTP", "true");
    // A machine of Amazon's would answer when nothing else does.
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9");
    let ran: Ran = command.envs(variables.iter().copied()).output().unwrap().into();
    for secret in ["not-to-be-shown", "nor-this-one"] {
        assert!(!format!("{}{}", ran.stdout, ran.stderr).contains(secret), "{line}: {ran:#?}");
    }
    ran
}

const CONFIG: &str = "[default]\nregion = us-east-1\nendpoint_url = SERVER\n
[profile models]\nregion = us-east-1\nendpoint_url = SERVER\n
[profile program]\nregion = us-east-1\nendpoint_url = SERVER\ncredential_process = /bin/cat HOME/answer.json\n
[profile region-only]\nregion = us-east-1\nendpoint_url = SERVER\n";
const CREDENTIALS: &str = "[models]\naws_access_key_id = key\naws_secret_access_key = not-to-be-shown\n
[wrong]\naws_access_key_id = key\naws_secret_access_key = nor-this-one\n";

#[test]
fn profiles_of_the_home_folder_open_a_bucket_that_checks_signatures() {
    let Some(server) = Server::s3s() else { return };
    let bucket = Bucket::with_captures(&server, 3);
    home(&bucket, CONFIG, CREDENTIALS);
    let answer = r#"{"Version": 1, "AccessKeyId": "key", "SecretAccessKey": "not-to-be-shown"}"#;
    std::fs::write(bucket.sandbox.path("home/answer.json"), answer).unwrap();
    let named = |name| [("AWS_PROFILE", name)];

    let baseline = "baseline good --out baseline --timestamp ts --id id";
    assert_eq!(ran(&bucket, &named("models"), baseline).code, 0);
    assert_eq!(ran(&bucket, &named("program"), BACKFILL).code, 0);

    // Keys in the environment win over a profile that has others, which alone are refused.
    let keys = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "not-to-be-shown")];
    let of_wrong = [
        ("AWS_PROFILE", "wrong"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &format!("http://{}", server.address)),
    ];
    let plan = format!("{BACKFILL} --dry-run");
    let refused = ran(&bucket, &of_wrong, &plan);
    assert_eq!(refused.code, 3, "{refused:#?}");
    holds(&refused.error(), &["not allowed", "s3://bucket"]);
    assert_eq!(ran(&bucket, &[&of_wrong[..], &keys].concat(), &plan).code, 0);

    // The profile `default`, at other places than usual.
    let moved = bucket.sandbox.path("elsewhere");
    std::fs::write(&moved, CREDENTIALS.replace("[models]", "[default]")).unwrap();
    let moved = [("AWS_SHARED_CREDENTIALS_FILE", moved.to_str().unwrap())];
    assert_eq!(ran(&bucket, &moved, &plan).code, 0);
}

#[test]
fn a_profile_that_is_not_there_or_cannot_be_used_is_named() {
    let Some(server) = Server::s3s() else { return };
    let bucket = Bucket::with_captures(&server, 1);
    home(&bucket, CONFIG, CREDENTIALS);
    let line = format!("{BACKFILL} --dry-run");
    let error = |name| {
        let ran = ran(&bucket, &[("AWS_PROFILE", name)], &line);
        assert_eq!(ran.code, 3, "{ran:#?}");
        ran.error()
    };
    holds(
        &error("modles"),
        &["not allowed to open `bucket`", "`modles`, which AWS_PROFILE names", "not defined"],
    );
    // Its program has nothing to hand out.
    holds(&error("program"), &["not allowed to open `bucket`", "`program`", "credential"]);
    // One without credentials leaves them to the machine, of which there is none here.
    holds(&error("region-only"), &["s3://bucket"]);
}

#[test]
fn a_profile_assumes_a_role() {
    let Some(server) = Server::moto() else { return };
    let bucket = Bucket::with_captures(&server, 3);
    let config = format!(
        "{CONFIG}\n[profile reader]\nregion = us-east-1\nendpoint_url = SERVER\nsource_profile = models\n\
         role_arn = arn:aws:iam::123456789012:role/reader\n"
    );
    home(&bucket, &config, CREDENTIALS);
    let reader = [("AWS_PROFILE", "reader"), ("AWS_ENDPOINT_URL", &*format!("http://{}", server.address))];
    let baseline = "baseline good --out baseline --timestamp ts --id id";
    let done = ran(&bucket, &reader, baseline);
    assert_eq!(done.code, 0, "{done:#?}");
    assert_eq!(ran(&bucket, &reader, BACKFILL).code, 0);
    // Where nobody hands out roles, there are no keys either.
    let nobody = [("AWS_PROFILE", "reader"), ("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")];
    let refused = ran(&bucket, &nobody, BACKFILL);
    assert_eq!(refused.code, 3, "{refused:#?}");
    holds(&refused.error(), &["not allowed to open `bucket`", "`reader`"]);
}
