#!/bin/sh
# Installs nic-voice as services of systemd: user, folders, program, units. Run again, it brings all of that up to date;
# settings, keys and voices are left alone. Nothing is started.
#
#   sudo systemd/install.sh [--lock requirements/cuda.lock]    # from a checkout; else requirements/cpu.lock
#   sudo systemd/install.sh --uninstall [--purge]              # --purge: settings, keys, voices and the user as well
#
# --root DIR           all of it under DIR, for an image; nothing of this machine is touched
# --without-packages   no virtual environment in /opt/nic-voice
set -eu

lock=requirements/cpu.lock root= packages=yes uninstall= purge=
usage() { sed -n '2,10s/^#[ ]\{0,1\}//p' "$0"; }
while [ $# -gt 0 ]; do
    case $1 in
        --lock) lock=${2:?--lock needs a file}; shift ;;
        --root) root=${2:?--root needs a folder}; shift ;;
        --without-packages) packages= ;;
        --uninstall) uninstall=yes ;;
        --purge) purge=yes ;;
        -h|--help) usage; exit 0 ;;
        *) echo "Unknown: $1" >&2; usage >&2; exit 2 ;;
    esac
    shift
done
checkout=$(cd "$(dirname "$0")/.." && pwd)
root=${root%/} program=$root/opt/nic-voice units=$root/etc/systemd/system
if [ -z "$root" ] && [ "$(id -u)" != 0 ]; then
    echo "Run this as root: sudo $0" >&2
    exit 1
fi
if [ ! -f "$checkout/$lock" ]; then
    echo "There is no $lock in $checkout. --lock takes one of: $(cd "$checkout" && echo requirements/*.lock)" >&2
    exit 1
fi
manager() { [ -n "$root" ] || [ ! -d /run/systemd/system ] || systemctl --quiet "$@"; }

if [ -n "$uninstall" ]; then
    for unit in nic-voice llama-server; do
        [ ! -f "$units/$unit.service" ] || manager disable --now "$unit"
        rm -f "$units/$unit.service"
    done
    rm -f "$root/etc/sysusers.d/nic-voice.conf" "$root/etc/tmpfiles.d/nic-voice.conf"
    rm -rf "$program"
    manager daemon-reload
    if [ -z "$purge" ]; then
        echo "Left alone: $root/etc/nic-voice and $root/var/lib/nic-voice (--purge removes them)."
        exit 0
    fi
    rm -rf "$root/etc/nic-voice" "$root/var/lib/nic-voice" "$root/var/cache/nic-voice"
    if grep -q '^nic-voice:' "$root/etc/passwd" 2>/dev/null; then userdel ${root:+--prefix "$root"} nic-voice; fi
    exit 0
fi

install -d "$root/etc/sysusers.d" "$root/etc/tmpfiles.d" "$units" "$program"
install -m 644 "$checkout/systemd/sysusers.conf" "$root/etc/sysusers.d/nic-voice.conf"
install -m 644 "$checkout/systemd/tmpfiles.conf" "$root/etc/tmpfiles.d/nic-voice.conf"
systemd-sysusers ${root:+--root="$root"} nic-voice.conf
systemd-tmpfiles --create ${root:+--root="$root"} nic-voice.conf

for part in voice extraction training service nic_voice docs requirements systemd; do
    rm -rf "${program:?}/$part"  # so that no module of an older version is left behind
    cp -R "$checkout/$part" "$program/$part"
done
cp "$checkout/pyproject.toml" "$checkout/Makefile" "$checkout/README.md" "$checkout/LICENSE" "$program"
chmod -R u=rwX,go=rX "$program"
[ -z "$packages" ] || make -C "$program" setup LOCK="$lock"

install -m 644 "$checkout/systemd/nic-voice.service" "$checkout/systemd/llama-server.service" "$units"
manager daemon-reload
cat <<END
Installed. Next:
  1. settings into $root/etc/nic-voice/env, one NIC_VOICE_NAME=value a line
  2. a voice into $root/var/lib/nic-voice/voices: cp -a voices/. $root/var/lib/nic-voice/voices/
  3. systemctl enable --now nic-voice
END
