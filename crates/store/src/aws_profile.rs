//! What Amazon's configuration files, `~/.aws/config` and `~/.aws/credentials`, add to the environment variables.
//!
//! Which profile and which files is up to `AWS_PROFILE`, `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, and
//! credentials are looked for in the order of Amazon's tools: keys in the environment, then the profile (its keys, a role
//! that it assumes, single sign-on, a program that hands out keys), then the role of the machine.

use crate::Error;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use object_store::CredentialProvider;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredential};
use std::env;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// The variable that names the profile.
const NAME: &str = "AWS_PROFILE";
/// Credentials that last for less than this are replaced before they are used.
const LEAST: Duration = Duration::from_secs(60);

/// The profile that environment variables name, or else the one called `default`, which may be missing.
pub(crate) struct AwsProfile {
    settings: SdkConfig,
    credentials: ProfileFileCredentialsProvider,
}

impl AwsProfile {
    pub(crate) async fn of_environment() -> Self {
        let client = Builder::new().build_with_connector_fn(|settings, _| {
            let mut connector = Connector::builder();
            connector.set_connector_settings(settings.cloned());
            connector
                .tls_provider(Provider::Rustls(CryptoMode::Ring))
                .proxy_config(ProxyConfig::from_env())
                .build()
        });
        // Not from the machine, which would have to be asked: that is left to the client of S3.
        let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new());
        let latest = BehaviorVersion::latest();
        let load = aws_config::defaults(latest).http_client(client.clone()).region(region).no_credentials();
        let settings = load.load().await;
        let provider = ProviderConfig::default()
            .with_behavior_version(Some(latest))
            .with_http_client(client)
            .with_region(settings.region().cloned());
        let credentials = ProfileFileCredentialsProvider::builder().configure(&provider).build();
        Self { settings, credentials }
    }

    /// Adds region, endpoint and credentials to what the environment leaves open.
    ///
    /// # Errors
    /// [`Error::Denied`] for a profile that is not there, or whose credentials cannot be had.
    pub(crate) async fn complete(
        self,
        mut builder: AmazonS3Builder,
        authority: &str,
    ) -> Result<AmazonS3Builder, Error> {
        let is_open = |builder: &AmazonS3Builder, key| builder.get_config_value(&key).is_none();
        if let Some(region) = self.settings.region()
            && is_open(&builder, AmazonS3ConfigKey::Region)
        {
            builder = builder.with_region(region.as_ref());
        }
        if let Some(endpoint) = self.settings.endpoint_url()
            && is_open(&builder, AmazonS3ConfigKey::Endpoint)
        {
            builder = builder.with_endpoint(endpoint);
        }
        let is_signed =
            builder.get_config_value(&AmazonS3ConfigKey::SkipSignature).as_deref() != Some("true");
        if is_signed && is_open(&builder, AmazonS3ConfigKey::AccessKeyId) {
            let credentials = Credentials { of: self.credentials, last: Mutex::default() };
            match credentials.current().await {
                Ok(_) => builder = builder.with_credentials(Arc::new(credentials)),
                Err(error) if is_elsewhere(&error) => {}
                Err(error) => {
                    return Err(Error::Denied {
                        path: authority.to_owned(),
                        action: "open",
                        source: Arc::new(Unusable(error)),
                    });
                }
            }
        }
        Ok(builder)
    }
}

/// Whether no profile was asked for that has credentials, so that they come from the machine.
fn is_elsewhere(error: &CredentialsError) -> bool {
    let has_reason = std::error::Error::source(error).is_some();
    matches!(error, CredentialsError::CredentialsNotLoaded(_))
        && (!has_reason || env::var_os(NAME).is_none_or(|name| name.is_empty()))
}

/// Credentials of a profile that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("no credentials from {}", profile())]
struct Unusable(#[source] CredentialsError);

fn profile() -> String {
    match env::var(NAME) {
        Ok(name) if !name.is_empty() => format!("the profile `{name}`, which {NAME} names"),
        _ => "the profile `default`".to_owned(),
    }
}

/// Credentials that last, asked for again when they run out.
#[derive(Debug)]
struct Credentials {
    of: ProfileFileCredentialsProvider,
    last: Mutex<Option<Lasting>>,
}

#[derive(Debug)]
struct Lasting {
    credential: Arc<AwsCredential>,
    until: Option<SystemTime>,
}

impl Credentials {
    async fn current(&self) -> Result<Arc<AwsCredential>, CredentialsError> {
        #[expect(clippy::disallowed_methods, reason = "credentials run out by the clock of this machine")]
        let soon = SystemTime::now() + LEAST;
        let mut last = self.last.lock().await;
        if let Some(lasting) = &*last
            && lasting.until.is_none_or(|until| until > soon)
        {
            return Ok(Arc::clone(&lasting.credential));
        }
        let found = self.of.provide_credentials().await?;
        let credential = Arc::new(AwsCredential {
            key_id: found.access_key_id().to_owned(),
            secret_key: found.secret_access_key().to_owned(),
            token: found.session_token().map(str::to_owned),
        });
        *last = Some(Lasting { credential: Arc::clone(&credential), until: found.expiry() });
        Ok(credential)
    }
}

impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    fn get_credential<'a, 'b>(
        &'a self,
    ) -> Pin<Box<dyn Future<Output = object_store::Result<Arc<AwsCredential>>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        let current = async || self.current().await;
        Box::pin(async move {
            let failed =
                |error| object_store::Error::Generic { store: "S3", source: Box::new(Unusable(error)) };
            current().await.map_err(failed)
        })
    }
}
