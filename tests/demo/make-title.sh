#!/usr/bin/env bash
# Makes the demo's title with ffmpeg: three video renditions and one audio rendition as CMAF
# segments of two seconds, described twice over the same files: HLS (master.m3u8, media_N.m3u8) and
# DASH (manifest.mpd).
#
#   make-title.sh OUT_DIR [SECONDS]
#
# Running it again with the same arguments does nothing; with others it makes the title anew.
# Needs the Debian packages ffmpeg and fonts-dejavu-core.
set -euo pipefail

usage() {
  echo "usage: make-title.sh OUT_DIR [SECONDS]" >&2
  exit 2
}

[ $# -ge 1 ] && [ $# -le 2 ] || usage
out=$1
seconds=${2:-60}
case $seconds in '' | *[!0-9]*) usage ;; esac

# Bumped whenever this script's output changes, so that an old title is not taken for a new one.
recipe="recipe 3, $seconds s"
font=/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf
fps=25
# Two seconds: long enough to be cheap to ask for, short enough that a player with a buffer of ten
# seconds holds five of them and can lose one host without running dry.
segment_s=2
gop=$((fps * segment_s))

if [ -f "$out/.recipe" ] && [ "$(cat "$out/.recipe")" = "$recipe" ]; then
  exit 0
fi

for tool in ffmpeg flock; do
  command -v "$tool" >/dev/null || { echo "make-title.sh: $tool is not installed" >&2; exit 1; }
done
[ -r "$font" ] || { echo "make-title.sh: $font is missing; install fonts-dejavu-core" >&2; exit 1; }

mkdir -p "$(dirname "$out")"
out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
# Written beside its place and moved there whole: nobody ever sees half a title.
exec 9>"$out.lock"
flock 9
if [ -f "$out/.recipe" ] && [ "$(cat "$out/.recipe")" = "$recipe" ]; then
  exit 0
fi
new=$(mktemp -d "$out.new.XXXXXX")
trap 'rm -rf "$new"' EXIT
chmod 755 "$new"

# A picture that says which rendition it is and which second it is: enough to see by eye that a
# switch of rendition or of appliance lost and repeated nothing.
label() { # NAME FONT_SIZE
  printf "drawtext=fontfile=%s:fontsize=%d:fontcolor=white:box=1:boxcolor=black@0.65:boxborderw=6:x=(w-tw)/2:y=h*0.62:text='%s  %%{pts\\:hms}'" "$font" "$2" "$1"
}
picture="testsrc2=size=640x360:rate=$fps:duration=$seconds"
# The sound: a quiet tone that pulses once a second. Sound that ran out would be heard.
tone="aevalsrc=exprs='0.08*sin(2*PI*330*t)*lt(mod(t\,1)\,0.25)|0.08*sin(2*PI*440*t)*lt(mod(t\,1)\,0.25)':sample_rate=48000:duration=$seconds"

graph="[0:v]split=3[a][b][c]"
graph+=";[a]scale=256:144:flags=fast_bilinear,$(label 144p 15)[low]"
graph+=";[b]scale=426:240:flags=fast_bilinear,$(label 240p 24)[mid]"
graph+=";[c]$(label 360p 36)[high]"

(
  cd "$new"
  # No scene-cut key frames and a fixed GOP: segments of all renditions start at the same instants,
  # which is what lets a player switch between them.
  # -streaming off and plain numbers in names: every file is complete and immutable when listed.
  ffmpeg -hide_banner -loglevel error -nostdin -y \
    -f lavfi -i "$picture" -f lavfi -i "$tone" \
    -filter_complex "$graph" \
    -map '[low]' -map '[mid]' -map '[high]' -map 1:a \
    -c:v libx264 -preset veryfast -profile:v main -pix_fmt yuv420p \
    -g "$gop" -keyint_min "$gop" -sc_threshold 0 -bf 2 \
    -b:v:0 250k -maxrate:v:0 300k -bufsize:v:0 500k \
    -b:v:1 600k -maxrate:v:1 720k -bufsize:v:1 1200k \
    -b:v:2 1400k -maxrate:v:2 1680k -bufsize:v:2 2800k \
    -c:a aac -b:a 96k -ac 2 \
    -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
    -f dash -seg_duration "$segment_s" -use_template 1 -use_timeline 1 \
    -adaptation_sets 'id=0,streams=v id=1,streams=a' \
    -init_seg_name 'init-$RepresentationID$.mp4' \
    -media_seg_name 'seg-$RepresentationID$-$Number%05d$.m4s' \
    -hls_playlist 1 -hls_master_name master.m3u8 \
    manifest.mpd
)

printf '%s\n' "$recipe" >"$new/.recipe"
rm -rf "$out"
mv "$new" "$out"
trap - EXIT
