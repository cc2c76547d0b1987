//! `~/.maascli.db` and `~/.maascli.certs/`: the same file, table and members as MAAS's own client.

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{Error, Profile};

/// The file of profiles in somebody's home.
#[derive(Clone, Debug)]
pub struct ProfileFile {
    home: PathBuf,
}

impl ProfileFile {
    /// The file of whoever runs this process.
    ///
    /// # Errors
    /// [`Error::NoHome`].
    pub fn of_caller() -> Result<Self, Error> {
        match std::env::var_os("HOME") {
            Some(home) if !home.is_empty() => Ok(Self::in_home(Path::new(&home))),
            _ => Err(Error::NoHome),
        }
    }

    /// The file in `home`.
    pub fn in_home(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.home.join(".maascli.db")
    }

    /// Whether there is one.
    pub fn exists(&self) -> bool {
        self.path().exists()
    }

    /// Whether others than its owner may read the keys in it.
    pub fn is_open_to_others(&self) -> bool {
        fs::metadata(self.path()).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
    }

    /// All profiles by name. None when there is no file.
    ///
    /// # Errors
    /// [`Error::ProfileFile`], [`Error::DamagedProfile`].
    pub async fn list(&self) -> Result<Vec<Profile>, Error> {
        let Some(mut db) = self.open_existing().await? else { return Ok(Vec::new()) };
        let query = "select name, cast(data as blob) as data from profiles order by name";
        let rows = sqlx::query(query).fetch_all(&mut db).await.map_err(|e| self.failed(e))?;
        rows.iter().map(|row| self.profile(row)).collect()
    }

    /// The names alone.
    ///
    /// # Errors
    /// [`Error::ProfileFile`].
    pub async fn names(&self) -> Result<Vec<String>, Error> {
        let Some(mut db) = self.open_existing().await? else { return Ok(Vec::new()) };
        let query = sqlx::query_scalar("select name from profiles order by name");
        query.fetch_all(&mut db).await.map_err(|e| self.failed(e))
    }

    /// One profile.
    ///
    /// # Errors
    /// [`Error::ProfileFile`], [`Error::DamagedProfile`].
    pub async fn find(&self, name: &str) -> Result<Option<Profile>, Error> {
        let Some(mut db) = self.open_existing().await? else { return Ok(None) };
        let query = sqlx::query("select name, cast(data as blob) as data from profiles where name = $1").bind(name);
        let row = query.fetch_optional(&mut db).await.map_err(|e| self.failed(e))?;
        row.map(|row| self.profile(&row)).transpose()
    }

    /// Writes a profile in place of one of the same name, and its CA where older tools look for it.
    ///
    /// # Errors
    /// [`Error::ProfileFile`].
    pub async fn save(&self, profile: &Profile) -> Result<(), Error> {
        let mut db = self.open_or_create().await?;
        let data = profile.to_data();
        sqlx::query(
            "insert into profiles (name, data) values ($1, $2) on conflict (name) do update set data = excluded.data",
        )
        .bind(&profile.name)
        .bind(data.expose().as_str())
        .execute(&mut db)
        .await
        .map_err(|e| self.failed(e))?;
        db.close().await.map_err(|e| self.failed(e))?;
        self.save_ca(profile).map_err(|e| self.failed(e))
    }

    /// Removes a profile and its CA. False when there was none.
    ///
    /// # Errors
    /// [`Error::ProfileFile`].
    pub async fn remove(&self, name: &str) -> Result<bool, Error> {
        let Some(mut db) = self.open_existing().await? else { return Ok(false) };
        let query = sqlx::query("delete from profiles where name = $1").bind(name);
        let done = query.execute(&mut db).await.map_err(|e| self.failed(e))?;
        db.close().await.map_err(|e| self.failed(e))?;
        if Profile::check_name(name).is_ok() {
            remove_if_there(&self.ca_path(name)).map_err(|e| self.failed(e))?;
        }
        Ok(done.rows_affected() > 0)
    }

    async fn open_existing(&self) -> Result<Option<SqliteConnection>, Error> {
        if self.exists() { self.open().await.map(Some) } else { Ok(None) }
    }

    async fn open_or_create(&self) -> Result<SqliteConnection, Error> {
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.path());
        match created {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(self.failed(error)),
            _ => self.open().await,
        }
    }

    async fn open(&self) -> Result<SqliteConnection, Error> {
        let options = SqliteConnectOptions::new().filename(self.path()).create_if_missing(false);
        let mut db = SqliteConnection::connect_with(&options).await.map_err(|e| self.failed(e))?;
        sqlx::query(TABLE).execute(&mut db).await.map_err(|e| self.failed(e))?;
        Ok(db)
    }

    fn profile(&self, row: &sqlx::sqlite::SqliteRow) -> Result<Profile, Error> {
        let name: String = row.try_get("name").map_err(|e| self.failed(e))?;
        let data: Option<Vec<u8>> = row.try_get("data").map_err(|e| self.failed(e))?;
        Profile::from_data(&name, &data.unwrap_or_default()).map_err(|why| Error::DamagedProfile {
            name,
            path: self.path(),
            why,
        })
    }

    fn ca_path(&self, name: &str) -> PathBuf {
        self.home.join(".maascli.certs").join(format!("{name}.pem"))
    }

    fn save_ca(&self, profile: &Profile) -> io::Result<()> {
        let path = self.ca_path(&profile.name);
        let Some(pem) = &profile.cacerts else { return remove_if_there(&path) };
        fs::create_dir_all(self.home.join(".maascli.certs"))?;
        fs::write(path, pem)
    }

    fn failed(&self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::ProfileFile { path: self.path(), source: Box::new(source) }
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

const TABLE: &str =
    "create table if not exists profiles (id integer primary key, name text not null unique, data blob)";

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, process::Command};

    use super::ProfileFile;
    use crate::Profile;

    fn profile(cacerts: Option<&str>) -> Profile {
        let data = r#"{"url":"https://m:5443/MAAS/api/2.0/","credentials":["a","b","c"],"description":{"hash":"h","resources":[]}}"#;
        let mut profile = Profile::from_data("p", data.as_bytes()).unwrap();
        profile.cacerts = cacerts.map(str::to_owned);
        profile
    }

    #[tokio::test]
    async fn a_new_file_is_private_and_a_stale_ca_goes() {
        let home = tempfile::tempdir().unwrap();
        let file = ProfileFile::in_home(home.path());
        let pem = home.path().join(".maascli.certs/p.pem");
        assert!(file.list().await.unwrap().is_empty());
        assert!(!file.exists());

        file.save(&profile(Some("PEM"))).await.unwrap();
        assert_eq!(std::fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&pem).unwrap(), "PEM");

        file.save(&profile(None)).await.unwrap();
        assert!(!pem.exists());
        assert_eq!(file.names().await.unwrap(), ["p"]);
        assert!(file.remove("p").await.unwrap());
        assert!(!file.remove("p").await.unwrap());
        assert!(file.find("p").await.unwrap().is_none());
    }

    /// The statements are those that MAAS's client is known to run, issued by another SQLite binding.
    #[tokio::test]
    async fn files_of_maas_are_read_and_ours_are_read_by_it() {
        let home = tempfile::tempdir().unwrap();
        let file = ProfileFile::in_home(home.path());
        python(&format!(
            "import sqlite3, json\n\
             db = sqlite3.connect({path:?})\n\
             db.execute('CREATE TABLE profiles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, data BLOB)')\n\
             data = json.dumps(dict(credentials=['a','b','c'], description=dict(hash='h', resources=[]), name='theirs',\n\
             \x20  url='https://m:5443/MAAS/api/2.0/', cacerts='PEM'))\n\
             db.execute('INSERT INTO profiles (name, data) VALUES (?, ?)', ('theirs', data))\n\
             db.commit()\n",
            path = file.path()
        ));
        let theirs = file.find("theirs").await.unwrap().unwrap();
        assert_eq!(theirs.credentials.unwrap().clear_text(), "a:b:c");
        assert_eq!(theirs.cacerts.as_deref(), Some("PEM"));

        file.save(&profile(None)).await.unwrap();
        python(&format!(
            "import sqlite3, json\n\
             db = sqlite3.connect({path:?})\n\
             rows = dict(db.execute('SELECT name, data FROM profiles'))\n\
             ours = json.loads(rows['p'])\n\
             assert isinstance(rows['p'], str), type(rows['p'])\n\
             assert ours['credentials'] == ['a', 'b', 'c'] and ours['name'] == 'p' and ours['cacerts'] is None, ours\n\
             assert set(rows) == {{'p', 'theirs'}}, rows\n",
            path = file.path()
        ));
    }

    fn python(script: &str) {
        let done = Command::new("python3").args(["-c", script]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}
