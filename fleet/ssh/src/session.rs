//! A device that we are logged in at.

use crate::authenticate::authenticate;
use crate::host_keys::fingerprint;
use crate::reach::reach;
use crate::wire::{Snag, Step, Wire, codes};
use crate::{Cancel, Device, During, Limits, SshFailure, Why};
use ssh2::MethodType;

/// A device that we are logged in at. It ends the connection when it goes.
pub struct Session {
    pub(crate) wire: Wire,
    pub(crate) device: Device,
    /// Something failed half-way: nobody knows what would be answered next.
    pub(crate) is_broken: bool,
}

impl Session {
    /// Connects, sees that it is this device, and logs in.
    ///
    /// # Errors
    /// [`Why`] says at which step it failed, and what to do.
    pub fn open(device: &Device, limits: &Limits, cancel: &Cancel) -> Result<Self, SshFailure> {
        let wire = open(device, limits, cancel).map_err(|why| device.failure(why))?;
        Ok(Self { wire, device: device.clone(), is_broken: false })
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Does something that may fail half-way, after which nothing else is begun here.
    pub(crate) fn once<T>(
        &mut self,
        during: During,
        work: impl FnOnce(&mut Wire) -> Result<T, Why>,
    ) -> Result<T, SshFailure> {
        if self.is_broken {
            return Err(self.device.failure(Why::Closed { during }));
        }
        self.is_broken = true;
        let done = work(&mut self.wire).map_err(|why| self.device.failure(why))?;
        self.is_broken = false;
        Ok(done)
    }
}

fn open(device: &Device, limits: &Limits, cancel: &Cancel) -> Result<Wire, Why> {
    if device.host_keys.is_empty() {
        return Err(Why::NoHostKeys);
    }
    let step = Step::begin(During::Connect, limits.connect);
    step.check(cancel)?;
    let tcp = reach(device.address, &step, cancel)?;
    let mut wire = Wire::new(tcp, cancel).map_err(|err| step.protocol(err.to_string()))?;
    let step = wire.begin(During::Handshake, limits.handshake);
    shake_hands(&mut wire, &step, device)?;
    identify(&wire, &step, device)?;
    let step = wire.begin(During::Authenticate, limits.authenticate);
    authenticate(&mut wire, &step, &device.login)?;
    Ok(wire)
}

fn shake_hands(wire: &mut Wire, step: &Step, device: &Device) -> Result<(), Why> {
    prefer(wire.ssh(), device).map_err(|err| step.why(err.into()))?;
    match wire.until_said(step, ssh2::Session::handshake) {
        Err(Snag::Said { code: codes::KEX_FAILURE | codes::KEY_EXCHANGE_FAILURE, why }) => {
            Err(Why::NoneInCommon { types: device.host_keys.types(), why })
        }
        done => done.map_err(|snag| step.why(snag)),
    }
}

fn prefer(ssh: &ssh2::Session, device: &Device) -> Result<(), ssh2::Error> {
    let age = device.algorithms;
    ssh.method_pref(MethodType::HostKey, &device.host_keys.algorithms(age))?;
    ssh.method_pref(MethodType::Kex, age.key_exchanges())?;
    ssh.method_pref(MethodType::SignAlgo, age.rsa_signatures())?;
    for (kinds, names) in [
        ([MethodType::CryptCs, MethodType::CryptSc], age.ciphers()),
        ([MethodType::MacCs, MethodType::MacSc], age.checksums()),
        ([MethodType::CompCs, MethodType::CompSc], "none"),
    ] {
        for kind in kinds {
            ssh.method_pref(kind, names)?;
        }
    }
    Ok(())
}

/// Who has signed the key exchange is one whom inventory knows.
fn identify(wire: &Wire, step: &Step, device: &Device) -> Result<(), Why> {
    let shown = wire.ssh().host_key().ok_or_else(|| step.protocol("no host key".to_owned()))?.0;
    match device.host_keys.contains(shown) {
        true => Ok(()),
        false => Err(Why::HostKey {
            expected: device.host_keys.fingerprints(),
            seen: fingerprint(shown),
        }),
    }
}
