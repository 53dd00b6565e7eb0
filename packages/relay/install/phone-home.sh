#!/bin/sh
# Porchlight for a Linux device with only OpenSSH or dropbear: it calls its relay every minute.
# sh phone-home.sh RELAY:PORT 'HOST KEY' [--name NAME] [--token TOKEN] [--allow PORTS | --always PORTS] [--start HOW]
# sh phone-home.sh status | uninstall
# --allow 22,80: what people may ask for. --always 22,80: stay linked, offer these. HOW: procd, systemd, cron, rc.local
# shellcheck disable=SC1091,SC2015
set -u
umask 077
app=porchlight-home
base=/etc/$app run=/var/run/$app
[ -w /etc ] || base=$HOME/.$app run=$HOME/.$app.run
me=$base/phone-home.sh dir=$base
unit=/etc/systemd/system/$app.service
init=/etc/init.d/$app
kept=/lib/upgrade/keep.d

die() { echo "porchlight: $*" >&2 && exit 1; }
# Process ids are used again: is this one still ours?
ours() { grep -qs $app "/proc/$1/cmdline"; }
looping() { pid=$(readlink lock) && ours "$pid"; }
settings() {
	[ -f "$base/settings" ] || die 'not installed'
	. "$base/settings"
	mkdir -p "$run" && cd "$run" || exit
}

# Only the stored host key will do; dropbear looks for it in HOME.
become_ssh() {
	[ "$kind" = openssh ] || HOME=$dir exec "$client" -i "$dir/key" -p "$port" -K 20 "$@"
	exec "$client" -F /dev/null -i "$dir/key" -p "$port" -oIdentitiesOnly=yes -oBatchMode=yes -oConnectTimeout=20 \
		-o StrictHostKeyChecking=yes -oUserKnownHostsFile="$dir/.ssh/known_hosts" -oServerAliveInterval=20 "$@"
}

# within SECONDS NAME ARGUMENTS: ssh, ended after that time. It reads descriptor 3; NAME.pid has its process id.
within() {
	secs=$1 file=$2.pid
	shift 2
	become_ssh "$@" <&3 &
	pid=$!
	echo $pid >"$file"
	(
		trap 'kill $!; exit' TERM
		sleep "$secs" &
		wait
		kill $pid
	) >/dev/null 2>&1 &
	dog=$!
	wait $pid
	rc=$?
	kill $dog 2>/dev/null
	rm -f "$file"
	return $rc
}

stop_links() {
	for file in ./*.pid; do
		read -r pid <"$file" && ours "$pid" && kill "$pid"
	done 2>/dev/null
	rm -f ./*.pid
}

tell() {
	awk 'NR == 1 {print "uptime=" int($1)} NR == 2 {print "load=" $1} /^Mem(Free|Available):/ {f = $2}
		END {printf "memory_free=%.0f\n", f * 1024}' /proc/uptime /proc/loadavg /proc/meminfo
	df -Pk "$dir" | awk 'NR == 2 {printf "disk_free=%.0f\n", $(NF - 2) * 1024}'
	sed -n 's/^PRETTY_NAME="\(.*\)"/firmware=\1/p' /etc/os-release
	echo "allow=tcp $ports"
} 2>/dev/null

# The relay tells who calls under a wrong name what its name is.
learn_name() {
	new=$(sed -n 's/.*belongs to the device \([a-z0-9][a-z0-9-]*\):.*/\1/p' said | head -n 1)
	[ "$new" ] && name=$new && sed -i "s/name=[^ ]*/name=$new/" "$dir/settings"
}

failed() {
	learn_name
	echo "failed at $(date): $(tail -n 1 said)" >last
}

# Tells how it is, and opens the forwards asked for that this device allows, five at most.
call() {
	tell >facts
	within 150 call "$name@$host" beat inbox 3<facts >answer 2>said || { failed; return; }
	echo "ok at $(date)" >last
	while read -r word pair secs _; do
		here=${pair%%:*} there=${pair#*:}
		case $here$there$secs in *[!0-9]*) continue ;; esac
		case "$word ,$ports," in "forward "*",$here,"*) ;; *) continue ;; esac
		set -- f*.pid
		[ $# -lt 5 ] && [ ! -f "f$there.pid" ] || continue
		: >"f$there.pid"
		[ "$secs" -lt 86400 ] || secs=86400
		within "$secs" "f$there" -N -R "$there:localhost:$here" "$name@$host" 3</dev/null >/dev/null 2>&1 &
	done <answer
}

stay_linked() {
	began=$(date +%s)
	echo "linking at $(date)" >last
	set --
	for p in $(echo "$ports" | tr , ' '); do set -- "$@" -R "$p:localhost:$p"; done
	within 99999999 link -N "$@" "$name@$host" 3</dev/null >/dev/null 2>said
	failed
	[ $(($(date +%s) - began)) -lt 60 ] && pause=$((pause < 30 ? pause * 2 : 60)) || pause=2
}

key_lines() {
	if [ "$kind" = openssh ]; then
		cat "$dir/key.pub" && ssh-keygen -lf "$dir/key.pub"
	else
		dropbearkey -y -f "$dir/key" | grep -e ^ssh- -e ^Fing
	fi
}

crontab_of_others() { crontab -l 2>/dev/null | grep -vF "$me"; }
start_it() {
	case $start in
	procd)
		cat >$init <<END
#!/bin/sh /etc/rc.common
START=95 USE_PROCD=1
start_service() {
	procd_open_instance
	procd_set_param command /bin/sh $me run
	procd_set_param respawn 1 5 0
	procd_close_instance
}
END
		chmod 755 $init
		[ ! -d $kept ] || printf '%s\n' "$base" $init >$kept/$app
		$init enable && $init start
		;;
	systemd)
		cat >$unit <<END
[Service]
ExecStart=/bin/sh $me run
Restart=always
RestartSec=10
[Install]
WantedBy=multi-user.target
END
		systemctl enable --now $app
		;;
	cron) { crontab_of_others; echo "* * * * * /bin/sh $me run >/dev/null 2>&1"; } | crontab - ;;
	*)
		sed -i "\\#$me#d; /^exit 0/d" /etc/rc.local || return
		printf '/bin/sh %s run >/dev/null 2>&1 &\nexit 0\n' "$me" >>/etc/rc.local
		/bin/sh "$me" run </dev/null >/dev/null 2>&1 &
		;;
	esac
}

stop_it() {
	case $start in
	procd) $init stop; $init disable; rm -f $init $kept/$app ;;
	systemd) systemctl disable --now $app; rm -f $unit ;;
	cron) crontab_of_others | crontab - ;;
	*) sed -i "\\#$me#d" /etc/rc.local ;;
	esac 2>/dev/null
	looping && kill "$pid"
	stop_links
	rm -rf "$run" "$base"
}

admit() {
	{ within 150 ask "$1@$host" beat 3<facts 2>&1 >/dev/null && echo The relay answers.; } | tee said
	grep -q 'relay answers' said || learn_name || { grep -q 'nobody pressed' said && admit "$1"; }
}

setup() {
	host=${1%:*} port=${1##*:} hostkey=$2 name='' token='' mode=call ports=22,80 start=''
	shift 2
	[ ! -f "$base/settings" ] || name=$(settings && echo "$name")
	while [ $# -gt 1 ]; do
		case $1 in
		--name) name=$2 ;;
		--token) token=$2 ;;
		--allow) ports=$2 ;;
		--always) ports=$2 mode=always ;;
		--start) start=$2 ;;
		*) break ;;
		esac
		shift 2
	done
	[ $# = 0 ] || die "cannot read $1"
	[ "$name" ] || name=$(tr A-Z_. a-z-- </proc/sys/kernel/hostname)
	case $name,$host,$port,$token,$ports,$start:$hostkey in
	-* | *,-* | *[!a-zA-Z0-9.,_-]*:* | *:*[!a-zA-Z0-9\ +/=-]*) die 'odd character in the arguments' ;;
	esac
	kind=openssh client=$(command -v ssh)
	ssh -V 2>&1 | grep -q OpenSSH || kind=dropbear client=$(command -v dbclient || command -v ssh)
	[ "$start" ] || if [ -w /etc/rc.common ]; then start=procd
	elif [ -w /run/systemd/system ]; then start=systemd
	elif command -v crontab >/dev/null; then start=cron
	else start=rc.local; fi

	# Until the relay has answered everything is beside what is there.
	dir=$base.new
	trap 'rm -rf "$base.new"; [ -d "$base" ] || rm -rf "$run"' EXIT
	trap 'exit 1' INT TERM HUP
	rm -rf "$dir"
	mkdir -p "$dir/.ssh" "$run" && cp "$0" "$dir/phone-home.sh" && cd "$run" || exit
	cp "$base"/key* "$dir" 2>/dev/null
	if ! key_lines >/dev/null 2>&1; then
		rm -f "$dir"/key*
		if [ $kind = openssh ]; then
			ssh-keygen -qN '' -t ed25519 -f "$dir/key"
		else
			dropbearkey -t ed25519 -f "$dir/key" || dropbearkey -t rsa -f "$dir/key"
		fi >/dev/null 2>&1
	fi
	# dropbear would ask a person about a key of a type of which it knows none.
	{
		echo "$host $hostkey"
		for type in ssh-rsa ecdsa-sha2-nistp256 ecdsa-sha2-nistp384 ecdsa-sha2-nistp521; do
			echo "$host $type AAAAAAAAAAAAAAAAAAAAAAAA"
		done
	} >"$dir/.ssh/known_hosts"
	echo "host=$host port=$port name=$name mode=$mode ports=$ports start=$start client=$client kind=$kind" >"$dir/settings"

	echo "$name asks $host to be let in, with this key:"
	key_lines || die 'neither OpenSSH nor dropbear is here'
	tell >facts
	admit "${token:+$token+}$name" && admit "$name" || die 'not let in; nothing was changed'
	[ ! -f "$base/settings" ] || (settings && stop_it)
	cd / && rm -rf "$base" && mv "$dir" "$base" && start_it || {
		stop_it
		die "$start does not work here; removed again"
	}
	echo "$name is set up, started by $start. Later: sh $me status, sh $me uninstall"
}

case ${1-} in
*:*) setup "$@" ;;
status)
	settings
	echo "$name at $host:$port, $mode $ports, started by $start"
	key_lines
	cat last && ! grep -q ^f last
	;;
uninstall)
	settings
	stop_it
	echo 'Removed here. Remove the device at the relay too.'
	;;
run)
	settings
	# One loop at a time, however often it is started.
	ln -s $$ lock 2>/dev/null || { looping && exit; } || ln -sf $$ lock
	trap '' HUP
	trap 'stop_links; kill ${dog-}; exit' TERM INT
	ulimit -f 2000
	stop_links
	pause=1
	while :; do
		if [ "$mode" = call ]; then call; pause=60; else stay_linked; fi
		sleep $pause &
		wait $!
	done
	;;
*) die 'see the top of this file' ;;
esac
