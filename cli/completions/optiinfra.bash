# Made by 'optiinfra completion'; a test keeps it equal to the program. Do not edit.
_optiinfra() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
  case "$previous" in
    --basis) COMPREPLY=($(compgen -W "reservation usage" -- "$current")); return ;;
    --bucket) COMPREPLY=($(compgen -W "hour day week" -- "$current")); return ;;
    --by) COMPREPLY=($(compgen -W "provider service region instance-type" -- "$current")); return ;;
    --family) COMPREPLY=($(compgen -W "cost performance resource quality serving" -- "$current")); return ;;
    --format) COMPREPLY=($(compgen -W "html csv focus" -- "$current")); return ;;
    --idle) COMPREPLY=($(compgen -W "separate share hide" -- "$current")); return ;;
    --log-level) COMPREPLY=($(compgen -W "none error warning information debug trace" -- "$current")); return ;;
    --measure) COMPREPLY=($(compgen -W "total_cost cost_per_request cost_per_million_tokens" -- "$current")); return ;;
    --output) COMPREPLY=($(compgen -W "table json csv" -- "$current")); return ;;
    --per) COMPREPLY=($(compgen -W "hour million_input_tokens million_cached_tokens million_output_tokens" -- "$current")); return ;;
    --scope) COMPREPLY=($(compgen -W "read write admin" -- "$current")); return ;;
    --volume) COMPREPLY=($(compgen -W "requests tokens" -- "$current")); return ;;
    --spool|--map|--customer-map|--aliases|--config|--form|--state|--path|--tls-cert|--tls-key|--password-file|--log-file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$current")); return ;;
    --url|--cluster|--format|--delivery|--customer|--service|--instance|--at|--interval|--from|--to|--days|--rows|--seed|--end|--for|--as|--model|--provider|--region|--tier|--currency|--source|--day|--of|--thresholds|--time-to-first-token-ms|--inter-token-latency-ms|--latency-ms|--share|--period|--hours|--measures|--by|--where|--order|--limit|--instance-type|--good-score|--model-version|--server|--objective|--objective-name|--grid-g-per-kwh|--pue|--before-from|--before-to|--api-provider|--month|--keep|--tcp-port|--http-port|--api-port|--api-listen|--api-connections|--api-rate|--api-log|--listen|--user|--host-name|--statement-time|--memory-limit|--connections|--grace|--macro|--database|--name|--rounds|--threads|--fleets|--asks|--growth|--only) COMPREPLY=(); return ;;
  esac
  local at="" word words=""
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "${at:+$at }$word" in
      "init"|"verify"|"doctor"|"ping"|"import"|"imports"|"imports list"|"imports show"|"imports undo"|"copy"|"generate"|"collect"|"collect host"|"collect scrape"|"tail"|"agent"|"explain-metrics"|"attribute"|"price"|"price set"|"price import"|"price list"|"price remove"|"price missing"|"rate"|"rate set"|"rate import"|"rate list"|"rate remove"|"budget"|"budget set"|"budget list"|"budget remove"|"objective"|"objective set"|"objective list"|"objective remove"|"query"|"query cost-hourly"|"query performance-p95"|"query resource-utilization"|"query quality-trends"|"query models"|"query serving"|"query saturation"|"query cost"|"query metrics"|"query unit-cost"|"query slo"|"query idle"|"query energy"|"query explain"|"query forecast"|"query budgets"|"query self-host"|"report"|"report customer"|"customers"|"services"|"instances"|"models"|"names"|"names set"|"names list"|"names import"|"names remove"|"backup"|"restore"|"retention"|"retention show"|"retention set"|"retention apply"|"forget"|"server"|"grafana"|"token"|"token create"|"token list"|"token revoke"|"bench"|"sql"|"version"|"help") at="${at:+$at }$word" ;;
    esac
  done
  case "$at" in
    "") words="init verify doctor ping import imports copy generate collect tail agent explain-metrics attribute price rate budget objective query report customers services instances models names backup restore retention forget server grafana token bench sql version help --version -h --help --url --output -q --quiet" ;;
    "init") words="-h --help --cluster --no-replication --url --output -q --quiet" ;;
    "verify") words="-h --help --repair --accept-loss --json --url --output -q --quiet" ;;
    "doctor") words="-h --help --repair --accept-loss --spool --url --output -q --quiet" ;;
    "ping") words="-h --help --url --output -q --quiet" ;;
    "import") words="cost performance resource quality serving metrics -h --help --format --map --customer-map --strict --delivery --replace --dry-run --customer --service --instance --at --interval --aliases --url --output -q --quiet"; compopt -o filenames; COMPREPLY=($(compgen -f -W "$words" -- "$current")); return ;;
    "imports") words="list show undo -h --help --url --output -q --quiet" ;;
    "imports list") words="-h --help --family --url --output -q --quiet" ;;
    "imports show") words="-h --help --url --output -q --quiet" ;;
    "imports undo") words="-h --help --yes --dry-run --url --output -q --quiet" ;;
    "copy") words="cost performance resource quality serving -h --help --from --to --url --output -q --quiet" ;;
    "generate") words="-h --help --days --rows --seed --end --url --output -q --quiet" ;;
    "collect") words="host scrape -h --help --url --output -q --quiet" ;;
    "collect host") words="-h --help --customer --instance --interval --for --spool --url --output -q --quiet" ;;
    "collect scrape") words="-h --help --config --customer --service --aliases --for --spool --url --output -q --quiet" ;;
    "tail") words="-h --help --as --form --state --customer --service --model --instance --for --to-end --url --output -q --quiet"; compopt -o filenames; COMPREPLY=($(compgen -f -W "$words" -- "$current")); return ;;
    "agent") words="-h --help --config --check --for --url --output -q --quiet" ;;
    "explain-metrics") words="-h --help --aliases --json --url --output -q --quiet"; compopt -o filenames; COMPREPLY=($(compgen -f -W "$words" -- "$current")); return ;;
    "attribute") words="-h --help --from --to --json --url --output -q --quiet" ;;
    "price") words="set import list remove missing -h --help --url --output -q --quiet" ;;
    "price set") words="-h --help --per --provider --region --tier --from --currency --to --source --url --output -q --quiet" ;;
    "price import") words="-h --help --url --output -q --quiet"; compopt -o filenames; COMPREPLY=($(compgen -f -W "$words" -- "$current")); return ;;
    "price list") words="-h --help --url --output -q --quiet" ;;
    "price remove") words="-h --help --per --provider --region --tier --from --url --output -q --quiet" ;;
    "price missing") words="-h --help --from --to --url --output -q --quiet" ;;
    "rate") words="set import list remove -h --help --url --output -q --quiet" ;;
    "rate set") words="-h --help --day --source --url --output -q --quiet" ;;
    "rate import") words="-h --help --url --output -q --quiet"; compopt -o filenames; COMPREPLY=($(compgen -f -W "$words" -- "$current")); return ;;
    "rate list") words="-h --help --url --output -q --quiet" ;;
    "rate remove") words="-h --help --day --url --output -q --quiet" ;;
    "budget") words="set list remove -h --help --url --output -q --quiet" ;;
    "budget set") words="-h --help --currency --of --thresholds --url --output -q --quiet" ;;
    "budget list") words="-h --help --url --output -q --quiet" ;;
    "budget remove") words="-h --help --url --output -q --quiet" ;;
    "objective") words="set list remove -h --help --url --output -q --quiet" ;;
    "objective set") words="-h --help --time-to-first-token-ms --inter-token-latency-ms --latency-ms --share --period --of --url --output -q --quiet" ;;
    "objective list") words="-h --help --url --output -q --quiet" ;;
    "objective remove") words="-h --help --url --output -q --quiet" ;;
    "query") words="cost-hourly performance-p95 resource-utilization quality-trends models serving saturation cost metrics unit-cost slo idle energy explain forecast budgets self-host -h --help --list --url --output -q --quiet" ;;
    "query cost-hourly") words="-h --help --customer --provider --hours --from --to --url --output -q --quiet" ;;
    "query performance-p95") words="-h --help --customer --service --hours --from --to --url --output -q --quiet" ;;
    "query resource-utilization") words="-h --help --customer --instance --hours --from --to --url --output -q --quiet" ;;
    "query quality-trends") words="-h --help --customer --service --hours --from --to --url --output -q --quiet" ;;
    "query models") words="-h --help --customer --service --hours --from --to --url --output -q --quiet" ;;
    "query serving") words="-h --help --customer --service --hours --from --to --url --output -q --quiet" ;;
    "query saturation") words="-h --help --customer --service --hours --from --to --url --output -q --quiet" ;;
    "query cost") words="-h --help --customer --hours --from --to --by --bucket --url --output -q --quiet" ;;
    "query metrics") words="-h --help --measures --by --bucket --hours --from --to --where --order --limit --url --output -q --quiet" ;;
    "query unit-cost") words="-h --help --customer --service --model --instance --provider --region --instance-type --by --bucket --basis --idle --good-score --currency --hours --from --to --url --output -q --quiet" ;;
    "query slo") words="-h --help --customer --service --model --model-version --server --instance --by --bucket --time-to-first-token-ms --inter-token-latency-ms --latency-ms --objective --objective-name --hours --from --to --url --output -q --quiet" ;;
    "query idle") words="-h --help --customer --instance --instance-type --provider --region --by --bucket --currency --hours --from --to --url --output -q --quiet" ;;
    "query energy") words="-h --help --customer --service --model --instance --provider --region --instance-type --by --bucket --grid-g-per-kwh --pue --hours --from --to --url --output -q --quiet" ;;
    "query explain") words="-h --help --customer --service --model --instance --provider --region --instance-type --by --measure --volume --before-from --before-to --basis --idle --currency --hours --from --to --url --output -q --quiet" ;;
    "query forecast") words="-h --help --customer --service --model --instance --provider --region --instance-type --by --currency --at --url --output -q --quiet" ;;
    "query budgets") words="-h --help --customer --currency --url --output -q --quiet" ;;
    "query self-host") words="-h --help --customer --service --model --instance --provider --region --instance-type --by --bucket --api-provider --currency --hours --from --to --url --output -q --quiet" ;;
    "report") words="customer -h --help --url --output -q --quiet" ;;
    "report customer") words="-h --help --month --customer --currency --format --url --output -q --quiet" ;;
    "customers") words="-h --help --limit --url --output -q --quiet" ;;
    "services") words="-h --help --customer --limit --url --output -q --quiet" ;;
    "instances") words="-h --help --customer --limit --url --output -q --quiet" ;;
    "models") words="-h --help --customer --service --limit --url --output -q --quiet" ;;
    "names") words="set list import remove -h --help --url --output -q --quiet" ;;
    "names set") words="customer service instance -h --help --customer --url --output -q --quiet" ;;
    "names list") words="customer service instance -h --help --url --output -q --quiet" ;;
    "names import") words="-h --help --url --output -q --quiet"; compopt -o filenames; COMPREPLY=($(compgen -f -W "$words" -- "$current")); return ;;
    "names remove") words="customer service instance -h --help --url --output -q --quiet" ;;
    "backup") words="-h --help --keep --no-verify --url --output -q --quiet"; compopt -o filenames; COMPREPLY=($(compgen -f -W "$words" -- "$current")); return ;;
    "restore") words="-h --help --url --output -q --quiet"; compopt -o filenames; COMPREPLY=($(compgen -f -W "$words" -- "$current")); return ;;
    "retention") words="show set apply -h --help --url --output -q --quiet" ;;
    "retention show") words="-h --help --url --output -q --quiet" ;;
    "retention set") words="cost performance resource quality serving raw rollup -h --help --yes --dry-run --url --output -q --quiet" ;;
    "retention apply") words="-h --help --url --output -q --quiet" ;;
    "forget") words="-h --help --customer --yes --dry-run --state --url --output -q --quiet" ;;
    "server") words="-h --help --path --tcp-port --http-port --api-port --no-api --api-listen --tls-cert --tls-key --insecure-http --api-connections --api-rate --no-attribution --api-log --state --listen --user --password-file --host-name --engine-pages --statement-time --memory-limit --connections --log-level --log-file --grace --no-init --cluster --macro --url --output -q --quiet" ;;
    "grafana") words="cost performance resource quality serving -h --help --database --url --output -q --quiet" ;;
    "token") words="create list revoke -h --help --url --output -q --quiet" ;;
    "token create") words="-h --help --name --scope --customer --path --state --url --output -q --quiet" ;;
    "token list") words="-h --help --path --state --url --output -q --quiet" ;;
    "token revoke") words="-h --help --name --path --state --url --output -q --quiet" ;;
    "bench") words="-h --help --rows --rounds --threads --fleets --days --asks --growth --seed --only --url --output -q --quiet" ;;
    "sql") words="-h --help --write --format --url --output -q --quiet" ;;
    "version") words="-h --help --url --output -q --quiet" ;;
    "help") words="-h --help --url --output -q --quiet" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _optiinfra optiinfra
