#!/usr/bin/env bash
# CONC-2: Requests that race with one ref_id have one effect.
#
#     bash conc-2.sh URL [TRIALS]
#
# URL is the base URL of the server, or TALLYSTICK_TARGET is. Needs bash, curl and jq; of the
# environment: TALLYSTICK_ACCOUNT; TALLYSTICK_CLIENT_ID and TALLYSTICK_CLIENT_SECRET, or TALLYSTICK_TOKEN.
# It takes several clients at the same moment, and shows only now and then: so it is tried 20 times,
# or TRIALS times. Here each client is a curl of its own, which starts some milliseconds sooner or
# later than the others; the script in Python beside this one is closer, so it sees the fault more often.
# Exit status 1: the fault shows at least once; 0: all answers were right; 2: it could not be tried.
#
#     A = card 1000 NOK
#     h = hold A 100
#     1| c = capture h 50
#     2| c = capture h 50
#
# Expected: an order of these requests in which the ledger permits every answer
# Seen: no such order: `c = capture h 50` accepted: 50; `c = capture h 50` accepted: 50. After `c = capture h 50`, `c = capture h 50` accepted: 50 is not permitted: REF-1 expects one effect for one ref_id: refuse or replay

set -u

right() {  # ends: the server is right
  echo 'RIGHT: CONC-2 is kept'
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
TRIALS=${2:-20}
[[ $TRIALS =~ ^[1-9][0-9]*$ ]] || give_up "TRIALS is how often it is tried: a whole number from 1 on"
SECONDS=0 MOST_SECONDS=120
FOLDER=$(mktemp -d) && trap 'rm -rf "$FOLDER"' EXIT
HEAD=$FOLDER/head BODY=$FOLDER/body

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
  result=$(curl "${sent[@]}" --globoff --path-as-is "$URL$path") || lost "$method $path: no answer"
  status=${result%% *} content_type=${result#* }
  # Numbers that jq would round are compared as text.
  answer=$(sed -E 's/([][,:{ ])(-?[0-9]{16,})([],} ]|$)/\1"\2"\3/g' "$BODY")
  case $status in
    408 | 425 | 429 | 5*) lost "$method $path was answered $status" ;;
  esac
  case $has_to_be in
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

lost() {  # ends a client, and with it the trial: it shows nothing
  echo "$1" >"$FOLDER/lost"
  exit 3
}
noted() {  # what is looked at of an answer, as a line of JSON
  local decision=accepted
  if [ "$status" -ge 300 ]; then decision=refused; fi
  jq -cn --arg decision "$decision" --arg text "$answer" \
    '{decision: $decision, body: ($text | try fromjson catch null)}'
}
FIGURE='def figure($place): if .decision == "refused" then null
  else (.body | try getpath($place) catch null) | if . == null then "any" else . end end;'
LOOKS='["1| c = capture h 50", "2| c = capture h 50", "amount_balance at the end", "amount_available at the end"]'
# What these show, in every order in which a server may take the requests.
RIGHT='[["accepted", "accepted", 950, 900],
 ["accepted", "refused", 950, 900],
 ["refused", "accepted", 950, 900]]'
client_1() {
  HEAD=$FOLDER/head.1 BODY=$FOLDER/body.1
  # 1| c = capture h 50
  ask POST /accounts/"$(uri "${ACCOUNT}")"/wallets/transactions/"$(uri "${h_id}")"/capture '' json '{"ref_id": "'"${OWN}"'-132.c", "amount": 50}'
  noted
}
client_2() {
  HEAD=$FOLDER/head.2 BODY=$FOLDER/body.2
  # 2| c = capture h 50
  ask POST /accounts/"$(uri "${ACCOUNT}")"/wallets/transactions/"$(uri "${h_id}")"/capture '' json '{"ref_id": "'"${OWN}"'-132.c", "amount": 50}'
  noted
}
trial() {  # send the requests once; what the LOOKS show
  OWN="ts$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')"
  DIGITS=1$(od -An -N8 -tu8 /dev/urandom | tr -d ' \n' | tail -c 17)
  # A = card 1000 NOK
  ask POST /accounts/"$(uri "${ACCOUNT}")"/wallets/cards accepted json '{"card_id": "'"${OWN}"'-132-A", "amount": 1000, "currency": "NOK"}'
  # h = hold A 100
  ask POST /accounts/"$(uri "${ACCOUNT}")"/wallets/transactions accepted json '{"ref_id": "'"${OWN}"'-132.h", "card_id": "'"${OWN}"'-132-A", "amount": 100, "currency": "NOK", "type": "drawdown", "pending": true}'
  h_id=$(at '.["id"]') || { echo "$h_id"; exit 2; }
  local clients=() client
  client_1 >"$FOLDER/1" & clients+=($!)
  client_2 >"$FOLDER/2" & clients+=($!)
  for client in "${clients[@]}"; do wait "$client" || exit $?; done
  {
    # at the end
    ask GET /accounts/"$(uri "${ACCOUNT}")"/wallets/cards/"${OWN}"-132-A '' none ''
    noted
    :
  } >"$FOLDER/end"
  jq -cs "$FIGURE"' [.[0].decision, .[1].decision, (.[2] | figure(["amount_balance"])), (.[2] | figure(["amount_available"]))]' "$FOLDER/1" "$FOLDER/2" "$FOLDER/end"
}

tried=0 seen=0 missed=0
for ((number = 1; number <= TRIALS; number++)); do
  [ "$number" -eq 1 ] || [ "$SECONDS" -lt "$MOST_SECONDS" ] || break
  shown=$(trial)
  case $? in
    0) ;;
    3) missed=$((missed + 1)); sleep 0.2; continue ;;
    *) echo "${shown:-NOT TRIED: the answers cannot be read}"; exit 2 ;;
  esac
  tried=$((tried + 1))
  jq -en --argjson shown "$shown" --argjson right "$RIGHT" \
    'any($right[]; [., $shown] | transpose | all(.[0] == "any" or .[1] == "any" or .[0] == .[1]))' >/dev/null
  case $? in
    0) ;;
    1)
      seen=$((seen + 1))
      jq -rn --argjson shown "$shown" --argjson looks "$LOOKS" --arg number "$number" \
        '"trial \($number): " + ([$looks, $shown] | transpose | map("\(.[0]) -> \(.[1])") | join("; "))' >&2
      ;;
    *) give_up "the answers cannot be read" ;;
  esac
done
if [ "$seen" -eq 0 ] && [ "$tried" -le "$missed" ]; then
  give_up "only $tried of $((tried + missed)) trials had all answers: $(cat "$FOLDER/lost")"
fi
echo "seen in $seen of $tried trials"
[ "$seen" -gt 0 ] || right
echo 'FAULT: CONC-2 is broken. Expected: an order of these requests in which the ledger permits every answer; seen: no such order: `c = capture h 50` accepted: 50; `c = capture h 50` accepted: 50. After `c = capture h 50`, `c = capture h 50` accepted: 50 is not permitted: REF-1 expects one effect for one ref_id: refuse or replay'
exit 1
