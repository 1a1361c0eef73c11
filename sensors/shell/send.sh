#!/bin/sh
# Signs one SenML pack and posts it, with nothing but openssl and curl:
#   sensors/shell/send.sh KEY.pem DID INGEST_URL PACK.json
# KEY.pem: PKCS#8, Ed25519 or P-256 (openssl genpkey, or npm run device -- init). DID and INGEST_URL come with the claim.
# The same rules as sensors/client/sign.ts: RFC 9421 over method, authority, path, content type and digest.
set -eu
[ $# -eq 4 ] || { sed -n '2,3p' "$0" >&2; exit 2; }
key=$1 did=$2 url=$3 pack=$4

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

digest="sha-256=:$(openssl dgst -sha256 -binary "$pack" | base64 -w0):"
# A counter that rises from run to run: milliseconds, 16 hex digits.
nonce=$(printf '%016x' "$(date +%s%3N)")
params="(\"@method\" \"@authority\" \"@path\" \"content-type\" \"content-digest\");created=$(date +%s);keyid=\"$did\";nonce=\"$nonce\""
rest=${url#*://} authority=${rest%%/*}

# One line a component, a line feed between them and none at the end.
printf '"@method": POST\n"@authority": %s\n"@path": /%s\n"content-type": application/senml+json\n"content-digest": %s\n"@signature-params": %s' \
  "$authority" "${rest#*/}" "$digest" "$params" >"$work/base"

if openssl pkey -in "$key" -noout -text | grep -qi ed25519; then
  openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/base" -out "$work/signature"
else
  # openssl writes ECDSA as DER; the wire wants R and S, 32 bytes each.
  openssl dgst -sha256 -sign "$key" -out "$work/der" "$work/base"
  openssl asn1parse -inform DER -in "$work/der" | sed -n 's/.*INTEGER *://p' |
    while read -r number; do printf '%64s' "$number" | tr ' ' 0; done | tr -d '\n' |
    sed 's/../\\x&/g' | xargs -0 /usr/bin/printf >"$work/signature"
fi

curl --silent --show-error --fail-with-body -X POST "$url" \
  -H 'Content-Type: application/senml+json' \
  -H "Content-Digest: $digest" \
  -H "Signature-Input: s=$params" \
  -H "Signature: s=:$(base64 -w0 <"$work/signature"):" \
  --data-binary "@$pack"
echo
