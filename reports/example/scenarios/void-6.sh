#!/usr/bin/env bash
# VOID-6: A void after partial captures releases only the rest; what was captured stays drawn.
#
#     bash void-6.sh URL
#
# URL is the base URL of the server, or TALLYSTICK_TARGET is. Needs bash, curl and jq; of the
# environment: TALLYSTICK_ACCOUNT; TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET, or TALLYSTICK_TOKEN.
# Exit status 1: the fault shows; 0: the server answers right; 2: it could not be tried.
#
#     A = card 1000 NOK
#     h1 = hold A 100
#     c1 = capture h1 50
#     v1 = void h1
#
# Expected: amount_available 950 after an accepted void after a partial capture
# Seen: amount_available 900

set -u

right() {  # ends: the server is right
  echo 'RIGHT: VOID-6 is kept'
  exit 0
}
give_up() {  # ends: nothing is shown
  echo "NOT TRIED: $1"
  exit 2
}

URL=${1:-${TALLYSTICK_TARGET:-}}
URL=${URL%/}
[ -n "$URL" ] || give_up "name the server: its base URL, or TALLYSTICK_TARGET"
command -v curl >/dev/null || give_up "curl is missing"
command -v jq >/dev/null || give_up "jq is missing"
OWN="ts$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')"  # begins the ids of this run
DIGITS=1$(od -An -N8 -tu8 /dev/urandom | tr -d ' \n' | tail -c 17)
ACCOUNT=${TALLYSTICK_ACCOUNT:-}
[ -n "$ACCOUNT" ] || give_up "set TALLYSTICK_ACCOUNT"
HEADERS=("Accept: application/json")
HEAD=$(mktemp) && BODY=$(mktemp) && trap 'rm -f "$HEAD" "$BODY"' EXIT

ONCE=()
with_credentials() { ONCE=("Accept: application/json" "$@"); }  # HEADER...: for the next request
ask() {  # METHOD PATH HAS_TO_BE KIND CONTENT HEADER...; KIND: json, form or none
  local method=$1 path=$2 has_to_be=$3 kind=$4 content=$5 sent
  shift 5
  [ -n "${ONCE[*]-}" ] || ONCE=("${HEADERS[@]}")
  printf '%s\n' "${ONCE[@]}" "$@" >"$HEAD"
  ONCE=()
  sent=(-sS -X "$method" -H "@$HEAD" -o "$BODY" -w '%{http_code} %{content_type}' --max-time 30)
  case $kind in
    json) sent+=(-H 'Content-Type: application/json' --data-binary "$content") ;;
    raw) sent+=(--data-binary "$content") ;;
    form) sent+=(-H 'Content-Type: application/x-www-form-urlencoded' --data-binary "$content") ;;
  esac
  : >"$BODY"
  result=$(curl "${sent[@]}" --globoff --path-as-is "$URL$path") || give_up "$method $path: no answer"
  status=${result%% *} content_type=${result#* }
  # Numbers that jq would round are compared as text.
  answer=$(sed -E 's/([][,:{ ])(-?[0-9]{16,})([],} ]|$)/\1"\2"\3/g' "$BODY")
  echo "$method $path -> $status" >&2
  case $has_to_be in
    enough) [ "$status" -lt 300 ] || right ;;
    accepted) [ "$status" -lt 300 ] || give_up "$method $path was answered $status, and had to be accepted" ;;
    refused) [ "$status" -ge 300 ] || give_up "$method $path was answered $status, and had to be refused" ;;
  esac
}
at() {  # FILTER: what later requests need
  jq -er "$1 // empty" <<<"$answer" || give_up "no $1 in an answer with status $status"
}
uri() { jq -rn --arg text "$1" '$text | @uri'; }
shows() {  # PLACE VALUES, both in JSON
  jq -e --argjson place "$1" --argjson right "$2" \
    'getpath($place) as $shown | any($right[]; . == $shown)' <<<"$answer" >/dev/null 2>&1
}
shows_another() {  # PLACE VALUES, both in JSON: the member is there, with none of the values
  jq -e --argjson place "$1" --argjson wrong "$2" \
    'getpath($place) as $shown | $shown != null and all($wrong[]; . != $shown)' <<<"$answer" >/dev/null 2>&1
}
VALUES='def values_of: [.. | select(type != "object" and type != "array")];'
has() {  # PLACE VALUES, both in JSON: each of the values is somewhere below the place
  jq -e --argjson place "$1" --argjson right "$2" \
    "$VALUES"' getpath($place) | values_of as $shown | all($right[]; . as $one | any($shown[]; . == $one))' \
    <<<"$answer" >/dev/null 2>&1
}
has_nowhere() {  # PLACE VALUES, both in JSON: the answer accepts, and none of the values is there
  [ "$status" -lt 300 ] && jq -e --argjson place "$1" --argjson wrong "$2" \
    "$VALUES"' getpath($place) | values_of as $shown | all($wrong[]; . as $one | all($shown[]; . != $one))' \
    <<<"$answer" >/dev/null 2>&1
}
status_is() {  # LEAST MOST
  [ "$status" -ge "$1" ] && [ "$status" -le "$2" ]
}
content_type_is() { [ "$(tr A-Z a-z <<<"${content_type%%;*}" | tr -d ' ')" = "$1" ]; }
fits() {  # PLACE FILTER
  jq -e --argjson place "$1" "getpath(\$place) | $2" <<<"$answer" >/dev/null 2>&1
}
lacks() {  # PLACE NAME
  jq -e --argjson place "$1" --argjson name "$2" 'getpath($place) | has($name) | not' \
    <<<"$answer" >/dev/null 2>&1
}
later() {  # SECONDS ZONE_OF_TZ ZONE
  TZ=$2 date -d "@$(($(date +%s) + $1))" "+%Y-%m-%dT%H:%M:%S$3"
}
base64_of() { printf %s "$1" | base64 | tr -d '\n'; }

variable() { local name="TALLYSTICK_$1"; echo "${!name:-}"; }
log_in() {  # PREFIX: the headers with the credentials of a client, whose variables begin with it
  local its_account=$ACCOUNT client_id client_secret basic
  its_token=$(variable "$1TOKEN")
  client_id=$(variable "$1CLIENT_ID") client_secret=$(variable "$1CLIENT_SECRET")
  if [ -z "$its_token$client_id" ]; then
    give_up "set TALLYSTICK_${1}CLIENT_ID and TALLYSTICK_${1}CLIENT_SECRET, or TALLYSTICK_${1}TOKEN"
  fi
  if [ -n "$its_token" ]; then basic="$its_token:"; else basic="$client_id:$client_secret"; fi
  basic=$(base64_of "$basic")
  if [ -z "$its_token" ]; then
    with_credentials  # those of the login alone
    ask POST /accounts/"$(uri "${its_account}")"/auth/token accepted json '{"grant_type": "client_credentials", "audience": "https://api.dintero.com/v1/accounts/'"${its_account}"'"}' 'Authorization: Basic '"${basic}"
    its_token=$(at '.["access_token"]') || { echo "$its_token"; exit 2; }
  fi
  LOGIN=('Authorization: Bearer '"${its_token}")
}
as() {  # PREFIX: send the next request as this client
  ONCE=()
  log_in "$1"
  with_credentials "${LOGIN[@]}"
}
log_in ""
TOKEN=$its_token
HEADERS+=("${LOGIN[@]}")

# A = card 1000 NOK
ask POST /accounts/"$(uri "${ACCOUNT}")"/wallets/cards accepted json '{"card_id": "'"${OWN}"'-41-A", "amount": 1000, "currency": "NOK"}'
ask GET /accounts/"$(uri "${ACCOUNT}")"/wallets/cards/"${OWN}"-41-A accepted none ''
# h1 = hold A 100
ask POST /accounts/"$(uri "${ACCOUNT}")"/wallets/transactions accepted json '{"ref_id": "'"${OWN}"'-41.h1", "card_id": "'"${OWN}"'-41-A", "amount": 100, "currency": "NOK", "type": "drawdown", "pending": true}'
h1_id=$(at '.["id"]') || { echo "$h1_id"; exit 2; }
ask GET /accounts/"$(uri "${ACCOUNT}")"/wallets/cards/"${OWN}"-41-A accepted none ''
# c1 = capture h1 50
ask POST /accounts/"$(uri "${ACCOUNT}")"/wallets/transactions/"$(uri "${h1_id}")"/capture accepted json '{"ref_id": "'"${OWN}"'-41.c1", "amount": 50}'
ask GET /accounts/"$(uri "${ACCOUNT}")"/wallets/cards/"${OWN}"-41-A accepted none ''
# v1 = void h1
ask POST /accounts/"$(uri "${ACCOUNT}")"/wallets/transactions/"$(uri "${h1_id}")"/void accepted json '{"ref_id": "'"${OWN}"'-41.v1"}'
ask GET /accounts/"$(uri "${ACCOUNT}")"/wallets/cards/"${OWN}"-41-A '' none ''

if shows '["amount_available"]' '[950]'; then
  right
fi
echo 'FAULT: VOID-6 is broken. Expected: amount_available 950 after an accepted void after a partial capture; seen: amount_available 900'
exit 1
