//! Opens buckets; credentials come from where each cloud's own tools look for them, never from the caller.

use crate::Error;
use crate::aws_profile::AwsProfile;
use crate::location::Cloud;
use crate::retry::{config, limits};
use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use std::sync::Arc;

/// Opens a bucket: environment variables first, then the files of the cloud's tools, then the machine.
pub(crate) async fn open(cloud: Cloud, authority: &str) -> Result<Arc<dyn ObjectStore>, Error> {
    let opened: object_store::Result<Arc<dyn ObjectStore>> = match cloud {
        Cloud::Aws => {
            let builder = limits("AWS").fold(AmazonS3Builder::from_env(), |builder, (key, value)| {
                builder.with_config(AmazonS3ConfigKey::Client(key), value)
            });
            let builder = AwsProfile::of_environment().await.complete(builder, authority).await?;
            builder.with_bucket_name(authority).with_retry(config()).build().map(shared)
        }
        Cloud::Google => {
            let builder = limits("GOOGLE")
                .fold(GoogleCloudStorageBuilder::from_env(), |builder, (key, value)| {
                    builder.with_config(GoogleConfigKey::Client(key), value)
                });
            builder.with_bucket_name(authority).with_retry(config()).build().map(shared)
        }
        Cloud::Azure => {
            let builder = limits("AZURE").fold(MicrosoftAzureBuilder::from_env(), |builder, (key, value)| {
                builder.with_config(AzureConfigKey::Client(key), value)
            });
            builder.with_url(format!("abfss://{authority}/")).with_retry(config()).build().map(shared)
        }
    };
    opened.map_err(|error| Error::object(authority, "open", error))
}

fn shared(store: impl ObjectStore) -> Arc<dyn ObjectStore> {
    Arc::new(store)
}
