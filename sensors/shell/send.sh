#!/bin/sh
# Signs a SenML pack (docs/protocol.md) and posts it, with nothing but openssl and curl; the receipt goes to stdout:
#   send.sh KEY.pem DID INGEST_URL [PACK.json]
# KEY.pem: PKCS#8, Ed25519 or P-256. Nonce and bytes stand in KEY.pem.state ($ISOBAR_STATE) before they are sent; a run without a pack
# sends what is left there. Exit: 0 taken, 1 refused, 2 wrong use, 70 key or disk do not work, 75 no receipt yet: run it again without a
# pack, the same bytes go under the same nonce and count once; 76 likewise, and an earlier pack is still on its way: this one was not taken.
set -eu
if [ $# -lt 3 ] || [ $# -gt 4 ] || [ ! -s "${4:-$1}" ]; then sed -n 3p "$0" >&2; exit 2; fi
key=$1 did=$2 url=$3 pack=${4:-} state=${ISOBAR_STATE:-$1.state} nonce=0 offset=0 failures=0 later=75
case $url in https://?*/*) port=:443 ;; http://?*/*) port=:80 ;; *) echo "no ingest address: $url" >&2; exit 2 ;; esac
rest=${url#*://} path=/${url#*://*/}
authority=$(printf %s "${rest%%/*}" | tr '[:upper:]' '[:lower:]') && authority=${authority%"$port"}
give_up() { echo "$2" >&2; exit "$1"; }; disk_full() { give_up 70 "cannot write in $work; what was kept stays in $state"; }
work=$(mktemp -d) || give_up 70 'cannot make a temporary folder'; trap 'rm -rf "$work"' EXIT
exec 9>"$state.lock" && if command -v flock >/dev/null; then flock 9; fi
keep() { # one line with the nonce, then the pack until it is settled; aside, synced, renamed: the old state or the new
  if ! { printf '%s\n' "$nonce" && cat "$1"; } >"$state.new" || ! sync || ! mv "$state.new" "$state"; then give_up 70 "cannot write $state"; fi
}
number() { # above every nonce used before, and at least the clock
  next=$((0x$nonce + 1)) now=$((($(date +%s) + offset) * 1000))
  nonce=$(printf %016x $((next > now ? next : now))) && keep "$work/body"
}
member() { sed -n "s/.*\"$1\": *\"\{0,1\}\([a-z0-9-]*\).*/\1/p" "$work/answer" | head -n 1; }
sign() { # openssl writes ECDSA as DER; the wire has r and s, 32 bytes each
  if openssl pkey -in "$key" -noout -text | grep -qi ed25519; then
    openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/base" -out "$work/signature"
  else
    openssl dgst -sha256 -sign "$key" -out "$work/der" "$work/base"
    hex=$(openssl asn1parse -inform DER -in "$work/der" | sed -n 's/.*INTEGER *://p' | while read -r n; do printf '%64s' "$n"; done)
    env printf "$(printf %s "$hex" | tr ' ' 0 | sed 's/../\\x&/g')" >"$work/signature"
  fi
  [ "$(wc -c <"$work/signature")" -eq 64 ] || give_up 70 "cannot sign with $key; kept in $state"
}
post() { # one line a component, a line feed between them and none at the end; status is 000 where no answer came
  digest="sha-256=:$(openssl dgst -sha256 -binary "$work/body" | openssl base64 -A):"
  params="(\"@method\" \"@authority\" \"@path\" \"content-type\" \"content-digest\");created=$(($(date +%s) + offset));keyid=\"$did\";nonce=\"$nonce\""
  if ! printf '"@method": POST\n"@authority": %s\n"@path": %s\n"content-type": application/senml+json\n"content-digest": %s\n"@signature-params": %s' \
    "$authority" "$path" "$digest" "$params" >"$work/base" || ! true >"$work/signature" || ! true >"$work/answer"; then disk_full; fi; sign
  status=$(curl -sS -m 60 -o "$work/answer" -w '%{http_code}' -H 'Content-Type: application/senml+json' -H "Content-Digest: $digest" \
    -H "Signature-Input: s=$params" -H "Signature: s=:$(openssl base64 -A -in "$work/signature"):" --data-binary "@$work/body" "$url") || status=000
}
deliver() { # until $work/body is settled
  while post; do
    case $status-$(member code) in
      20[01]-*) if [ -n "$(member receipt)" ]; then keep /dev/null; cat "$work/answer"; echo; return 0; fi ;;
      401-clock-skew) offset=$(($(member server-seconds) - $(date +%s))) ;;
      409-nonce-too-old) nonce=$(member highest) && number ;;
      409-nonce-reused) number ;;
      408-* | 425-* | 429-* | 5*) ;;
      4*-?*) keep /dev/null; echo "refused: $status $(cat "$work/answer")" >&2; return 1 ;;
    esac
    failures=$((failures + 1))
    [ "$failures" -lt "${ISOBAR_TRIES:-5}" ] || give_up "$later" "no receipt yet ($status); kept in $state"
    sleep $((${ISOBAR_PAUSE:-1} << failures))
  done
}
if [ -f "$state" ]; then nonce=$(head -n 1 "$state"); tail -n +2 "$state" >"$work/body" || disk_full; fi
if [ -s "$work/body" ]; then [ -z "$pack" ] || later=76; deliver || [ -n "$pack" ] || exit 1; fi
if [ -n "$pack" ]; then later=75 failures=0; cat "$pack" >"$work/body" || disk_full; number && deliver; fi
