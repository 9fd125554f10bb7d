#!/bin/sh
# A change of a device's configuration that comes back by itself unless somebody says that it is good.
#
#   change.sh stage ID <bundle       keeps what is to be and what is        none -> staged
#   change.sh check ID               the device's own checkers              staged -> checked
#   change.sh arm ID SECONDS         the way back, before there is a way    checked, armed -> armed
#   change.sh switch ID              the files, then the commands           armed -> switching -> switched
#   change.sh disarm ID              it is there for good                   switched -> disarmed
#   change.sh revert ID              back: by hand, at the deadline, and until it is
#   change.sh boot ID                the same early in a boot: files alone, nothing runs yet
#   change.sh status [ID]            lines that config_render::device::Status reads
#
#   armed -> reverted; switching, switched, revert-failed -> reverting -> reverted | revert-failed
#
# A state is the name of an empty file, ID/state.NAME, and a transition one rename(2): atomic, and possible
# on a disk without room. Nothing of a change is touched before its state says so on disk, so whoever comes
# after a SIGKILL or a reboot knows from there what to do. `reverted` is only said of files that were compared.
#
# Time is what the kernel has counted since its boot. The deadline is a number of those seconds and the id
# of that boot; in any other boot it has passed. The wall clock is written down for people and never asked:
# somebody may set it a year ahead (it would fire at once) or back (it never would).
#
# Ends with 0 done, 1 failed, 2 wrong words, 3 refused: nothing was done, 4 busy. Needs a Debian's essential
# packages and systemd. For tests: HEADEND_ROOT stands before every path, HEADEND_KILL_AT=N dies at point N.
# shellcheck shell=dash disable=SC2015,SC2016,SC2030,SC2031
set -u
umask 077
export LC_ALL=C PATH="${PATH:-/usr/bin}:/usr/sbin:/usr/bin:/sbin:/bin"
root=${HEADEND_ROOT:-}
base=$root/var/lib/headend-change
units=$root/etc/systemd/system
lock=$root/run/headend-change.lock # not on the disk, which may be full or read-only
heard=$root/run/headend-change.heard
most_bytes=16777216 # as in bundle.rs: a hundred times the configuration of a router
kept_changes=8
points=0 why=''

point() {
    points=$((points + 1))
    [ "$points" != "${HEADEND_KILL_AT:-}" ] || kill -s KILL $$
}
# One line of plain text, whatever a command has said.
plain() { printf %s "$*" | tr '\n\t' '  ' | tr -cd ' -~' | cut -c -500; }
note() { # what was done; kept as long as there is room
    [ -d "$dir" ] || return 0
    [ "$(stat -c %s "$dir/history" 2>/dev/null || echo 0)" -gt 65536 ] ||
        printf '%s %s\n' "$(date -u +%FT%TZ)" "$(plain "$*")" >>"$dir/history"
} 2>/dev/null
# Written over what stands there, so that it takes no room.
record() { [ ! -f "$dir/error" ] || printf '%-500.500s\n' "$(plain "$*")" 1<>"$dir/error"; } 2>/dev/null
die() {
    code=$1 && shift
    [ "$code" = 2 ] || note "$verb: $*"
    [ "$code" != 1 ] || record "$verb: $*"
    printf 'change.sh: %s: %s\n' "$verb" "$*" >&2
    exit "$code"
}
try() { # a command, and what it said kept if it failed
    tried=$("$@" 2>&1) || { why="$why; ${tried:-$1 failed}" && return 1; }
}

state_of() { # of a change's folder. Reading a folder during a rename may show both names, or none.
    for _ in 1 2 3 4 5; do
        set -- "$1" "$1"/state.*
        if [ $# = 2 ] && [ -e "$2" ]; then echo "${2##*/state.}" && return; fi
        set -- "$1"
    done
    echo none
}
newest() { # names of changes, the latest first
    find "$base" -mindepth 1 -maxdepth 1 -type d ! -name '*.new' -printf '%T@ %f\n' | sort -rn | cut -d ' ' -f 2
} 2>/dev/null
is_active() {
    case $(state_of "$1") in armed | switching | switched | reverting | revert-failed) ;; *) return 1 ;; esac
}
go() { # FROM TO
    try mv -T "$dir/state.$1" "$dir/state.$2" && try sync "$dir" && note "$2" && point
}

# Whoever changes anything holds the lock; so do the commands that it has started (their `timeout`), even
# when it was killed: an orphan must not put the new rules into force after the old ones were.
open_lock() { mkdir -p "$root/run" && exec 9>>"$lock"; }
take_lock() {
    open_lock && flock -w 10 9 || die 4 'somebody else is at it'
}
# The revert waits this long and then kills who holds it, told by having it open, and their commands. One
# that not even SIGKILL ends is inside the kernel, and makes no other step when it comes out: we go on.
force_lock() {
    open_lock
    flock -w "$1" 9 && return
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        [ "$pid" != $$ ] && [ "$process/fd/9" -ef "$lock" ] && kill -s KILL -- "-$pid" "$pid" 2>/dev/null
    done
    note 'killed who held the lock'
    flock -w 5 9 || note 'went on without the lock'
}

uptime_s() { read -r up _ <"$root/proc/uptime" && echo "${up%%.*}"; }
is_boot() { [ "$1" = "$(cat "$root/proc/sys/kernel/random/boot_id")" ]; }
left_s() {
    if ! read -r boot due _ 2>/dev/null <"$dir/deadline" || ! is_boot "$boot"; then echo 0 && return; fi
    left=$((due - $(uptime_s))) && echo $((left > 0 ? left : 0))
}
budget_s() { # what its commands may take together
    sum=0
    while read -r _ limit _; do sum=$((sum + limit)); done <"$dir/runs"
    echo $sum
}

is_same() { # two files, or that there is neither
    if [ -e "$2" ]; then
        [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$1" "$2" &&
            [ "$(stat -c %a:%u:%g "$1")" = "$(stat -c %a:%u:%g "$2")" ]
    else
        [ ! -e "$1" ] && [ ! -L "$1" ]
    fi
}
# `each WORDS` does WORDS for each path, all of them, with these set; and says whether all went well.
each() {
    all=0
    while read -r n path <&3; do
        name=${path##*/} file=$root$path folder=$root${path%/*}
        after=$dir/after/$n/$name before=$dir/before/$n/$name
        new=$folder/.headend-$short-$n.new old=$folder/.headend-$short-$n.old
        "$@" || all=1
    done 3<"$dir/paths"
    return $all
}
is_before() { is_same "$file" "$before" || { why="$why; $path is not what was there" && return 1; }; }
is_after() { is_same "$file" "$after" || { why="$why; $path is not what was sent" && return 1; }; }
lay() { # FROM BESIDE: a whole copy next to the place, so that a rename, which takes no room, is all that is left
    [ -e "$1" ] || return 0
    [ -d "$folder" ] || try sh -c 'umask 022 && mkdir -p "$0" && sync -f "$0"' "$folder" || return 1
    try cp -aT "$1" "$2" && try sync "$2" "$folder" && point
}
lay_old() { lay "$before" "$old"; }
lay_new() { lay "$after" "$new"; }
drop_new() { rm -f "$new"; }
place() { # BESIDE FROM
    [ -d "$folder" ] || [ -e "$2" ] || return 0
    if [ -e "$2" ]; then try mv -fT "$1" "$file"; else try rm -f "$file"; fi && try sync "$folder" && point
}
place_new() { place "$new" "$after"; }
place_old() { # what stands there already is not touched: this may be the second time
    is_same "$file" "$before" && return
    [ ! -e "$before" ] || { [ -e "$old" ] && is_same "$old" "$before"; } || lay_old || return
    place "$old" "$before"
}
tidy_one() { rm -f "$new" "$old" && point; }
tidy() { # copies that were laid and not needed, and folders that were made for nothing
    each tidy_one 2>/dev/null
    case $(state_of "$dir") in switched | disarmed) return 0 ;; esac
    while read -r made; do rmdir "$root$made"; done <"$dir/missing" 2>/dev/null
    return 0
}

run() { # SECONDS COMMAND. What it leaves running (a daemon) does not hold the lock.
    timeout -k 5 "$1" sh -c "exec 3<&- 4<&- 9>&-; $2" </dev/null >"$heard" 2>&1 && return
    why="$why; $2: ended with $?: $(tail -c 400 "$heard" 2>/dev/null)" && return 1
}
run_all() { # switch: up to the first that fails; revert: all
    ran=0
    while read -r when limit command <&4; do
        [ "$when" = both ] || [ "$when" = "$1" ] || continue
        run "$limit" "$command" || ran=1
        point
        [ $ran = 0 ] || [ "$1" = revert ] || break
    done 4<"$dir/runs"
    return $ran
}

sd() { timeout 60 systemctl --quiet "$@"; } # also when systemd is busy dying
unit() { # NAME, and its text from standard input
    try sh -c 'umask 022 && cat >"$0.new" && sync "$0.new" && mv -fT "$0.new" "$0"' "$units/$1" && point
}
# The timer counts from its own start, by the monotonic clock. The boot's unit comes before whatever reads
# configuration; systemd also starts it when anything else is started, so it looks whether this is a boot. It
# never fails to systemd, or would be started again by each start, its own successor's too: no boot would end.
guard_on() {
    revert="/bin/sh $dir/change.sh"
    # First the one that says whose they are: it goes last.
    unit headend-revert.service <<EOT && unit headend-revert.timer <<EOT2 && unit headend-revert-boot.service <<EOT3
[Unit]
Description=Takes change $short back
StartLimitIntervalSec=0
[Service]
Type=oneshot
ExecStart=$revert revert $id
SuccessExitStatus=3
Restart=on-failure
RestartSec=5
EOT
[Unit]
Description=Takes change $short back at its deadline
[Timer]
OnActiveSec=$1
AccuracySec=100ms
[Install]
WantedBy=timers.target
EOT2
[Unit]
Description=Takes change $short back if nobody has said before this boot that it is good
DefaultDependencies=no
RequiresMountsFor=$base /etc /usr/local
After=local-fs.target
Wants=network-pre.target
Before=sysinit.target network-pre.target nftables.service systemd-networkd.service networking.service
Before=systemd-sysctl.service systemd-tmpfiles-setup.service systemd-resolved.service systemd-timesyncd.service
Before=apparmor.service shutdown.target
Conflicts=shutdown.target
[Service]
Type=oneshot
TimeoutStartSec=180
RemainAfterExit=yes
ExecStart=-$revert boot $id
[Install]
WantedBy=sysinit.target
EOT3
    try sd daemon-reload && point && try sd enable headend-revert-boot.service && point &&
        try sd enable headend-revert.timer && point && try sd restart headend-revert.timer && point &&
        try sync "$units"/headend-revert* "$units" "$units"/sysinit.target.wants "$units"/timers.target.wants && is_guarded
}
is_guarded() { # looked at, not remembered
    grep -qs "$id" "$units/headend-revert.service" && grep -qs "$id" "$units/headend-revert-boot.service" &&
        sd is-enabled headend-revert.timer && sd is-enabled headend-revert-boot.service &&
        { counts || is_trying; }
}
counts() { # the timer
    sd is-active headend-revert.timer &&
        case $(sd show --value --property=NextElapseUSecMonotonic headend-revert.timer) in '' | 0 | infinity) false ;; esac
}
is_trying() { # the service, or systemd waits until it starts it again
    case $(sd show --value --property=ActiveState headend-revert.service) in activating | active) ;; *) false ;; esac
}
guard_off() { # unless it is another change's by now
    grep -qs "$id" "$units/headend-revert.service" || return 0
    sd disable headend-revert.timer headend-revert-boot.service
    sd stop headend-revert.timer
    point
    rm -f "$units"/headend-revert.timer* "$units"/headend-revert-boot.service* "$units"/headend-revert.service*
    sd daemon-reload
} 2>/dev/null

is_path() { # absolute, normal, plain, below a folder of configuration, and not the way back itself
    case $1 in
        *[!A-Za-z0-9._@+:/-]* | *//* | */./* | */../* | */. | */.. | */ | */.headend-* | *.headend-*) return 1 ;;
        /etc/systemd/system/headend-revert*) return 1 ;;
        /etc/?* | /usr/local/?*) ;;
        *) return 1 ;;
    esac
}
add() { # PATH: whether it may be, and what is there
    n=$((n + 1)) file=$root$1 folder=${1%/*}
    is_path "$1" || die 1 "path $1 is not allowed"
    if [ -L "$file" ] || { [ -e "$file" ] && [ ! -f "$file" ]; }; then die 1 "$1 is there, and no plain file"; fi
    [ ! -e "$file" ] || need=$((need + $(stat -c %s "$file")))
    while [ ! -d "$root$folder" ]; do echo "$folder" >>"$dir/missing" && folder=${folder%/*}; done
    [ "$(readlink -f "$root$folder")" = "$(readlink -f "$root/")${root:+/}${folder#/}" ] || die 1 "a folder of $1 is a link"
    echo "$root$folder" >>"$dir/folders" && echo "$n $1" >>"$dir/paths" || die 1 'no room (ENOSPC)'
}
manifest() { # lines up to `end`; the files' bytes follow, in order
    sed '/^end$/q' "$dir/bundle" >"$dir/manifest" && read -r magic label <"$dir/manifest" || die 1 'no room (ENOSPC)'
    [ "$magic" = headend-change-1 ] && [ "$(tail -n 1 "$dir/manifest")" = end ] || die 1 'this is no bundle'
    for list in missing folders paths checks runs; do true >"$dir/$list"; done
    n=0 need=$((2 * $(stat -c %s "$dir/bundle") + 65536))
    while read -r kind rest <&3; do
        case $kind in
            headend-change-1) echo "$label" >"$dir/label" ;;
            file | absent) add "${rest##* }" ;;                   # [MODE OWNER SIZE DIGEST] PATH
            check | run) printf '%s\n' "$rest" >>"$dir/${kind}s" ;; # SECONDS PATH COMMAND | WHEN SECONDS COMMAND
            end) ;;
            *) die 1 "the bundle says $kind, which this script does not know" ;;
        esac || die 1 'no room (ENOSPC)' # a check that was lost would be a check that was passed
    done 3<"$dir/manifest"
    [ -z "$(cut -d ' ' -f 2 "$dir/paths" | sort | uniq -d)" ] || die 1 'a path stands there twice'
}
room() { # for both copies of everything, in each folder, and a little for the state
    for place in $(sort -u "$dir/folders") "$base"; do
        have=$(($(stat -f -c '%a * %S' "$place")))
        [ "$have" -ge "$need" ] || die 1 "no room (ENOSPC) at ${place#"$root"}: $have bytes are free, $need needed"
    done
}
keep_one() {
    try mkdir -p "$dir/after/$n" "$dir/before/$n" && { [ ! -e "$file" ] || try cp -aT "$file" "$before"; } || return 1
    read -r kind mode owner size digest _ <<EOT
$(grep -E '^(file|absent) ' "$dir/manifest" | sed -n "${n}p")
EOT
    [ "$kind" = file ] || return 0
    tail -c "+$at" "$dir/bundle" 2>/dev/null | head -c "$size" >"$after" && at=$((at + size))
    [ "$(sha256sum <"$after")" = "$digest  -" ] || { why="$why; $path is not what was packed" && return 1; }
    try chown "$owner" "$after" && try chmod "$mode" "$after"
}
none_active() {
    for other in "$base"/*/; do
        ! is_active "${other%/}" || die 3 "change $(basename "$other") is $(state_of "${other%/}")"
    done
}
stage() { # in a folder beside, which then takes its name
    try mkdir -p "$base" || die 1 "cannot write$why"
    take_lock
    none_active
    rm -rf "$base"/*.new
    target=$dir dir=$dir.new
    trap 'rm -rf "$target.new"' EXIT
    try mkdir "$dir" && try cp "$0" "$dir/change.sh" && printf '%501s' '' >"$dir/error" || die 1 "no room (ENOSPC)$why"
    point
    # Who is slower than this holds others up.
    timeout --foreground 300 head -c $((most_bytes + 1)) >"$dir/bundle" || die 1 'no room (ENOSPC) for the bundle, or it took 300 s'
    [ "$(stat -c %s "$dir/bundle")" -le $most_bytes ] || die 1 "a bundle has at most $most_bytes bytes"
    [ "$(sha256sum <"$dir/bundle")" = "$id  -" ] || die 1 'the digest does not match: the upload was cut off, or changed'
    manifest && room
    at=$(($(stat -c %s "$dir/manifest") + 1))
    each keep_one || die 1 "cannot keep it$why"
    [ $at = $(($(stat -c %s "$dir/bundle") + 1)) ] || die 1 'bytes are left over'
    true >"$dir/state.staged" && rm "$dir/bundle" && try sync -f "$dir" && point || die 1 "cannot keep it$why"
    rm -rf "$target" && try mv -T "$dir" "$target" && try sync "$base" || die 1 "cannot keep it$why"
    dir=$target && note staged && point
    # Nothing is under way: what others have left when they were killed is of no use.
    newest | while read -r id; do
        dir=$base/$id short=$(printf %.12s "$id") count=$((${count:-0} + 1))
        each tidy_one
        guard_off
        [ "$count" -le $kept_changes ] || rm -rf "$dir"
    done
}
check() {
    take_lock
    case $(state_of "$dir") in staged) ;; checked) return ;; *) die 3 "it is $(state_of "$dir")" ;; esac
    while read -r limit path command <&4; do
        n=$(grep -F " $path" "$dir/paths" | while read -r n at; do [ "$at" != "$path" ] || echo "$n"; done)
        run "$limit" "$(printf %s "$command" | sed "s|{}|$dir/after/$n/${path##*/}|g")" || die 1 "$path is not accepted$why"
        point
    done 4<"$dir/checks"
    go staged checked || die 1 "cannot record$why"
}
arm() {
    case $seconds in '' | *[!0-9]* | ??????*) die 2 'SECONDS is a number below 100000' ;; esac
    take_lock
    case $(state_of "$dir") in checked) ;; armed) go armed checked ;; *) die 3 "it is $(state_of "$dir"), not checked" ;; esac
    none_active
    [ "$seconds" -ge "$(budget_s)" ] || die 3 "its commands may take $(budget_s) s: it has to be armed for longer"
    each is_before || die 3 "somebody was here since it was staged$why"
    deadline="$(cat "$root/proc/sys/kernel/random/boot_id") $(($(uptime_s) + seconds)) $(($(date +%s) + seconds))"
    if each lay_old && try sh -c 'echo "$1" >"$0" && sync "$0"' "$dir/deadline" "$deadline" && point &&
        guard_on "$seconds" && go checked armed; then return; fi
    guard_off
    tidy
    die 1 "nothing guards it, and nothing is switched${why:-; systemd does not show the timer}"
}
switch() {
    take_lock
    case $(state_of "$dir") in armed) ;; switched) return ;; *) die 3 "it is $(state_of "$dir"), not armed" ;; esac
    is_guarded || die 3 'the revert is not armed any more: arm it again'
    [ "$(left_s)" -ge "$(budget_s)" ] && [ "$(left_s)" -gt 0 ] ||
        die 3 "$(left_s) s are left, and its commands may take $(budget_s) s: arm it again"
    each is_before || die 3 "somebody was here since it was staged$why"
    each lay_new || { each drop_new && die 1 "nothing is switched$why"; }
    go armed switching || die 1 "nothing is switched$why"
    if each place_new && run_all switch && each is_after && go switching switched; then return; fi
    failed=$why why=''
    back || { sd --no-block start headend-revert.service; die 1 "it failed$failed, and the way back too, which is tried again$why"; }
    die 1 "it failed, and was taken back$failed"
}
disarm() {
    take_lock
    case $(state_of "$dir") in
        disarmed) ;;
        switched)
            each is_after || die 3 "it is not what was sent, and so is not kept$why"
            go switched disarmed || die 1 "cannot record$why" ;;
        *) die 3 "it is $(state_of "$dir"), not switched" ;;
    esac
    tidy
    point
    guard_off
}
# Under the lock, or without it when nobody can take another step. May be killed anywhere, and begun again.
back() {
    from=$(state_of "$dir") ok=0
    if [ "$from" != armed ]; then # else no file was touched
        [ "$from" = reverting ] || go "$from" reverting || ok=1
        from=reverting
        each place_old || ok=1
        if [ "$verb" = boot ]; then # services read the files when they start; units are read now
            try sd daemon-reload || ok=1
        else
            run_all revert || ok=1
        fi
        each is_before || ok=1
    fi
    [ $ok = 1 ] || tidy
    if [ $ok = 1 ] || ! go "$from" reverted; then
        record "revert$why"
        go "$from" revert-failed
        return 1
    fi
    # At boot the timer is about to be started: it finds nothing to do, and clears up.
    [ "$verb" = boot ] || guard_off
}
settled() { # who comes too late, or has nothing to do, must not wait for anybody, and kills nobody
    case $(state_of "$dir") in disarmed | reverted) ;; *) return 0 ;; esac
    open_lock
    if [ "$verb" = revert ] && flock -n 9; then tidy; guard_off; fi
    [ "$(state_of "$dir")" = reverted ] || die 3 'it was disarmed, and is there for good'
    exit 0
}
revert() {
    settled
    patience=10
    [ "$(state_of "$dir")" != reverting ] || patience=$(($(budget_s) + 20)) # the other one is doing the same
    force_lock $patience
    settled
    case $(state_of "$dir") in
        none) die 3 'there is no such change' ;;
        staged | checked) tidy; guard_off ;;
        *) back || die 1 "the revert has failed, and is tried again as long as the unit is there$why" ;;
    esac
}
boot() {
    read -r armed_in _ <"$dir/deadline" && ! is_boot "$armed_in" || exit 0
    is_active "$dir" || exit 0
    force_lock 5
    back || { sd --no-block start headend-revert.service; die 1 "the revert has failed at boot, and is tried again$why"; }
}

digest() { if [ -f "$1" ]; then sha256sum <"$1" | cut -d ' ' -f 1; else echo -; fi; }
tell() {
    if is_same "$file" "$before"; then where=before; else where=other; fi
    is_same "$file" "$after" && { [ $where = before ] && where=both || where=after; }
    echo "file $where $(digest "$file") $(digest "$before") $(digest "$after") $path"
}
status() {
    if [ -z "$id" ]; then # that which is under way, else the latest
        id=$(newest | while read -r other; do ! is_active "$base/$other" || echo "$other"; done | head -n 1)
        id=${id:-$(newest | head -n 1)} dir=$base/$id
    fi
    echo headend-change-status-1
    state=$(state_of "$dir")
    [ -n "$id" ] && [ "$state" != none ] || { printf 'state none\nend\n' && return; }
    echo "id $id" && echo "label $(cat "$dir/label")"
    [ ! -e "$dir/deadline" ] || { read -r _ _ wall <"$dir/deadline" && echo "deadline $wall $(left_s)"; }
    if is_guarded; then echo 'guard yes'; else echo 'guard no'; fi
    each tell
    error=$(tr -d '\n' <"$dir/error" | sed 's/ *$//') && [ -z "$error" ] || echo "error $error"
    tail -n 64 "$dir/history" 2>/dev/null | sed 's/^/step /'
    # Last, and only if it has not moved meanwhile: the rest is of this state.
    [ "$state" = "$(state_of "$dir")" ] || die 4 'it is changing: ask again'
    printf 'state %s\nend\n' "$state"
}

verb=${1:-} id=${2:-} seconds=${3:-} dir=$base/$id short=$(printf %.12s "$id")
case $verb in
    stage | check | arm | switch | disarm | revert | boot | status) ;;
    *) verb=usage && die 2 'stage|check|arm|switch|disarm|revert|status ID [SECONDS]' ;;
esac
case $id in
    *[!0-9a-f]*) die 2 'an ID is 64 hexadecimal digits' ;;
    '') [ "$verb" = status ] || die 2 'which ID?' ;;
esac
[ -z "$id" ] || [ ${#id} = 64 ] || die 2 'an ID is 64 hexadecimal digits'
case $verb in stage | status | revert) ;; *) [ -d "$dir" ] || die 3 'there is no such change' ;; esac
# A connection that goes with the old network must not leave a switch half-way.
trap '' HUP PIPE
"$verb"
