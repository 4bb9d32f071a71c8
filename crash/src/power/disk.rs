//! An ext4 disk in a file, which can lose its power.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::child::TrialError;

/// The size of the disk in bytes: enough for what the lives of a trial leave, and quick to make.
const SIZE: u64 = 64 << 20;

/// Where the memory file system with the disk is mounted: a folder that every Linux has. Nobody
/// outside the namespace sees it.
const BASE: &str = "/mnt";

/// How long the system may take to let go of a loop device.
const PATIENCE: Duration = Duration::from_secs(10);

/// `ioctl(EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH)`. There is no safe function for it.
const SHUTDOWN: &str = r#"open(my $f, "<", $ARGV[0]) or die "open: $!";
ioctl($f, 0x8004587D, my $how = pack("L", 2)) or die "ioctl: $!";"#;

/// A disk, and where it is mounted.
#[derive(Debug)]
pub(super) struct Disk {
    image: PathBuf,
    folder: PathBuf,
}

impl Disk {
    /// Makes one, which has no file system yet. The caller must be in a mount namespace of its own.
    pub(super) fn create() -> Result<Self, TrialError> {
        let base = Path::new(BASE);
        run("mount", ["-t", "tmpfs", "crash", BASE])?;
        let disk = Self {
            // Loop devices belong to the whole machine, so that the name has to be one of its own:
            // that of the process outside.
            image: base.join(format!("disk-{}", parent())),
            folder: base.join("disk"),
        };
        fs::create_dir(&disk.folder).map_err(TrialError::process("making a mount point"))?;
        Ok(disk)
    }

    /// Makes its file system anew and mounts it. It must not be mounted.
    ///
    /// Each trial needs that: a folder that was removed comes back when the power is cut before the
    /// removal has reached the disk, and another trial would take it for its own.
    pub(super) fn format(&self) -> Result<(), TrialError> {
        File::create(&self.image)
            .and_then(|image| image.set_len(SIZE))
            .map_err(TrialError::process("making a disk"))?;
        let image = self.image.as_os_str();
        run("mkfs.ext4", ["-q".as_ref(), "-F".as_ref(), image])?;
        self.mount()
    }

    /// Where it is mounted.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Throws away what has not reached the disk. Everything on it fails from now on.
    pub(super) fn cut_power(&self) -> Result<(), TrialError> {
        let folder = self.folder.as_os_str();
        run("perl", ["-e".as_ref(), SHUTDOWN.as_ref(), folder])
    }

    /// Mounts it, with the recovery of ext4 after a power cut.
    pub(super) fn mount(&self) -> Result<(), TrialError> {
        let (image, folder) = (self.image.as_os_str(), self.folder.as_os_str());
        run("mount", ["-o".as_ref(), "loop".as_ref(), image, folder])
    }

    /// Unmounts it, and returns when its loop device is free: else the next mount might show what
    /// the device still has in memory.
    pub(super) fn unmount(&self) -> Result<(), TrialError> {
        run("umount", [self.folder.as_os_str()])?;
        let start = Instant::now();
        while self
            .is_held()
            .map_err(TrialError::process("looking at the loop devices"))?
        {
            if start.elapsed() > PATIENCE {
                return Err(TrialError::Command {
                    command: "umount".to_owned(),
                    said: "the loop device is still held".to_owned(),
                });
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// Whether a loop device has this image.
    fn is_held(&self) -> std::io::Result<bool> {
        for device in fs::read_dir("/sys/block")? {
            let file = device?.path().join("loop/backing_file");
            // Most devices are no loops, and a free loop has no such file.
            if fs::read_to_string(file).is_ok_and(|text| Path::new(text.trim_end()) == self.image) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn parent() -> i32 {
    rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get())
}

fn run<A: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Result<(), TrialError> {
    let mut command = Command::new(program);
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(TrialError::process("starting a system program"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(TrialError::Command {
        command: format!("{command:?}"),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
