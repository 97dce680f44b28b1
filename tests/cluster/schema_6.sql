-- Over a cluster's shards, as the program of schema version 6 made them (--no-replication): each shard has the
-- objects of maintenance/store/tests/schema_6.sql in optiinfra_shard.
CREATE TABLE optiinfra.cluster_layouts
(
    layout String,
    recorded_at DateTime('UTC') DEFAULT now()
)
ENGINE = MergeTree
ORDER BY recorded_at;

CREATE TABLE optiinfra.import_ledger
(
    import_id UUID,
    family LowCardinality(String),
    path String,
    block UInt64,
    rows UInt64,
    refused UInt64,
    finished UInt8,
    recorded_at DateTime('UTC')
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'import_ledger', xxHash64(toString(import_id)));

CREATE TABLE optiinfra.copy_ledger
(
    source_id UUID,
    family LowCardinality(String),
    tier LowCardinality(String),
    day String,
    blocks UInt64,
    rows UInt64,
    hash_sum UInt64,
    block_rows UInt64,
    finished UInt8,
    recorded_at DateTime64(6, 'UTC')
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'copy_ledger', xxHash64(toString(source_id)));

CREATE TABLE optiinfra.cost_metrics_ts
(
    timestamp DateTime('UTC'),
    customer_id UUID,
    cloud_provider LowCardinality(String),
    service_name LowCardinality(String),
    instance_id LowCardinality(String),
    instance_type LowCardinality(String),
    region LowCardinality(String),
    cost_per_hour Float64 DEFAULT nan,
    utilization_percent Nullable(Float32),
    is_spot UInt8,
    is_reserved UInt8,
    hours_covered Nullable(Float64),
    charge_category LowCardinality(String),
    list_cost_per_hour Nullable(Float64),
    currency LowCardinality(String),
    bill_id LowCardinality(String),
    source LowCardinality(String)
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'cost_metrics_ts', xxHash64(concat(toString(customer_id), '/', service_name)));

CREATE TABLE optiinfra.cost_metrics_hourly
(
    hour DateTime('UTC'),
    customer_id UUID,
    cloud_provider LowCardinality(String),
    service_name LowCardinality(String),
    currency LowCardinality(String),
    total_cost SimpleAggregateFunction(sum, Float64),
    spot_cost SimpleAggregateFunction(sum, Float64),
    reserved_cost SimpleAggregateFunction(sum, Float64),
    avg_utilization AggregateFunction(avg, Float32),
    min_utilization SimpleAggregateFunction(min, Float32) DEFAULT inf,
    max_utilization SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    list_cost SimpleAggregateFunction(sum, Float64),
    credit_cost SimpleAggregateFunction(sum, Float64),
    sample_count SimpleAggregateFunction(sum, UInt64),
    utilization_percent_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    list_cost_per_hour_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'cost_metrics_hourly', xxHash64(concat(toString(customer_id), '/', service_name)));

CREATE TABLE optiinfra.cost_metrics_hourly_mv
(
    hour DateTime('UTC'),
    customer_id UUID,
    cloud_provider LowCardinality(String),
    service_name LowCardinality(String),
    currency LowCardinality(String),
    total_cost SimpleAggregateFunction(sum, Float64),
    spot_cost SimpleAggregateFunction(sum, Float64),
    reserved_cost SimpleAggregateFunction(sum, Float64),
    avg_utilization AggregateFunction(avg, Float32),
    min_utilization SimpleAggregateFunction(min, Float32) DEFAULT inf,
    max_utilization SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    list_cost SimpleAggregateFunction(sum, Float64),
    credit_cost SimpleAggregateFunction(sum, Float64),
    sample_count SimpleAggregateFunction(sum, UInt64),
    utilization_percent_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    list_cost_per_hour_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'cost_metrics_hourly_mv', xxHash64(concat(toString(customer_id), '/', service_name)));

CREATE VIEW optiinfra.cost_hourly AS
SELECT hour, customer_id, cloud_provider, service_name, currency,
    sum(r.total_cost) AS total_cost,
    sum(r.spot_cost) AS spot_cost,
    sum(r.reserved_cost) AS reserved_cost,
    if(sum(r.utilization_percent_count) = 0, NULL, avgMerge(r.avg_utilization)) AS avg_utilization,
    if(sum(r.utilization_percent_count) = 0, NULL, toFloat32(min(r.min_utilization))) AS min_utilization,
    if(sum(r.utilization_percent_count) = 0, NULL, toFloat32(max(r.max_utilization))) AS max_utilization,
    if(sum(r.list_cost_per_hour_count) = 0, NULL, sum(r.list_cost)) AS list_cost,
    sum(r.credit_cost) AS credit_cost,
    sum(r.sample_count) AS sample_count,
    sum(r.utilization_percent_count) AS utilization_percent_count,
    sum(r.list_cost_per_hour_count) AS list_cost_per_hour_count
FROM optiinfra.cost_metrics_hourly AS r
GROUP BY hour, customer_id, cloud_provider, service_name, currency;

CREATE TABLE optiinfra.performance_metrics_ts
(
    timestamp DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    service_type LowCardinality(String),
    model_name LowCardinality(String),
    request_id UUID,
    latency_ms Float32 DEFAULT nan,
    throughput_tokens_per_sec Nullable(Float32),
    gpu_utilization Nullable(Float32),
    kv_cache_utilization Nullable(Float32),
    batch_size Nullable(UInt32),
    prompt_tokens Nullable(UInt32),
    completion_tokens Nullable(UInt32),
    total_tokens Nullable(UInt32) DEFAULT accurateCastOrNull(prompt_tokens + completion_tokens, 'UInt32'),
    time_to_first_token_ms Nullable(Float32),
    inter_token_latency_ms Nullable(Float32),
    queue_ms Nullable(Float32),
    prefill_ms Nullable(Float32),
    decode_ms Nullable(Float32),
    cached_tokens Nullable(UInt32),
    reasoning_tokens Nullable(UInt32),
    status LowCardinality(String),
    finish_reason LowCardinality(String),
    instance_id LowCardinality(String),
    model_version LowCardinality(String),
    session_id String,
    source LowCardinality(String)
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'performance_metrics_ts', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE TABLE optiinfra.performance_metrics_hourly
(
    hour DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    service_type LowCardinality(String),
    model_name LowCardinality(String),
    avg_latency AggregateFunction(avg, Float32),
    min_latency SimpleAggregateFunction(min, Float32),
    max_latency SimpleAggregateFunction(max, Float32),
    latency_ns_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    avg_throughput AggregateFunction(avg, Float32),
    avg_gpu_util AggregateFunction(avg, Float32),
    avg_kv_cache_util AggregateFunction(avg, Float32),
    avg_batch_size AggregateFunction(avg, UInt32),
    prompt_tokens SimpleAggregateFunction(sum, UInt64),
    completion_tokens SimpleAggregateFunction(sum, UInt64),
    total_tokens SimpleAggregateFunction(sum, UInt64),
    avg_time_to_first_token AggregateFunction(avg, Float32),
    time_to_first_token_ns_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    avg_inter_token_latency AggregateFunction(avg, Float32),
    inter_token_latency_ns_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    avg_queue AggregateFunction(avg, Float32),
    avg_prefill AggregateFunction(avg, Float32),
    avg_decode AggregateFunction(avg, Float32),
    cached_tokens SimpleAggregateFunction(sum, UInt64),
    reasoning_tokens SimpleAggregateFunction(sum, UInt64),
    error_count SimpleAggregateFunction(sum, UInt64),
    client_error_count SimpleAggregateFunction(sum, UInt64),
    aborted_count SimpleAggregateFunction(sum, UInt64),
    request_count SimpleAggregateFunction(sum, UInt64),
    throughput_tokens_per_sec_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    gpu_utilization_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    kv_cache_utilization_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    batch_size_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    prompt_tokens_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    completion_tokens_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    total_tokens_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    time_to_first_token_ms_count SimpleAggregateFunction(sum, UInt64),
    inter_token_latency_ms_count SimpleAggregateFunction(sum, UInt64),
    queue_ms_count SimpleAggregateFunction(sum, UInt64),
    prefill_ms_count SimpleAggregateFunction(sum, UInt64),
    decode_ms_count SimpleAggregateFunction(sum, UInt64),
    cached_tokens_count SimpleAggregateFunction(sum, UInt64),
    reasoning_tokens_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'performance_metrics_hourly', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE TABLE optiinfra.performance_metrics_hourly_mv
(
    hour DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    service_type LowCardinality(String),
    model_name LowCardinality(String),
    avg_latency AggregateFunction(avg, Float32),
    min_latency SimpleAggregateFunction(min, Float32),
    max_latency SimpleAggregateFunction(max, Float32),
    latency_ns_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    avg_throughput AggregateFunction(avg, Float32),
    avg_gpu_util AggregateFunction(avg, Float32),
    avg_kv_cache_util AggregateFunction(avg, Float32),
    avg_batch_size AggregateFunction(avg, UInt32),
    prompt_tokens SimpleAggregateFunction(sum, UInt64),
    completion_tokens SimpleAggregateFunction(sum, UInt64),
    total_tokens SimpleAggregateFunction(sum, UInt64),
    avg_time_to_first_token AggregateFunction(avg, Float32),
    time_to_first_token_ns_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    avg_inter_token_latency AggregateFunction(avg, Float32),
    inter_token_latency_ns_quantiles AggregateFunction(quantilesDD(0.01, 0.5, 0.9, 0.95, 0.99), Float64),
    avg_queue AggregateFunction(avg, Float32),
    avg_prefill AggregateFunction(avg, Float32),
    avg_decode AggregateFunction(avg, Float32),
    cached_tokens SimpleAggregateFunction(sum, UInt64),
    reasoning_tokens SimpleAggregateFunction(sum, UInt64),
    error_count SimpleAggregateFunction(sum, UInt64),
    client_error_count SimpleAggregateFunction(sum, UInt64),
    aborted_count SimpleAggregateFunction(sum, UInt64),
    request_count SimpleAggregateFunction(sum, UInt64),
    throughput_tokens_per_sec_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    gpu_utilization_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    kv_cache_utilization_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    batch_size_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    prompt_tokens_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    completion_tokens_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    total_tokens_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    time_to_first_token_ms_count SimpleAggregateFunction(sum, UInt64),
    inter_token_latency_ms_count SimpleAggregateFunction(sum, UInt64),
    queue_ms_count SimpleAggregateFunction(sum, UInt64),
    prefill_ms_count SimpleAggregateFunction(sum, UInt64),
    decode_ms_count SimpleAggregateFunction(sum, UInt64),
    cached_tokens_count SimpleAggregateFunction(sum, UInt64),
    reasoning_tokens_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'performance_metrics_hourly_mv', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE VIEW optiinfra.performance_hourly AS
SELECT hour, customer_id, service_id, service_type, model_name,
    avgMerge(r.avg_latency) AS avg_latency,
    toFloat32(min(r.min_latency)) AS min_latency,
    toFloat32(max(r.max_latency)) AS max_latency,
    quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[1] / 1000000 AS p50_latency,
    quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[2] / 1000000 AS p90_latency,
    quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[3] / 1000000 AS p95_latency,
    quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.latency_ns_quantiles)[4] / 1000000 AS p99_latency,
    if(sum(r.throughput_tokens_per_sec_count) = 0, NULL, avgMerge(r.avg_throughput)) AS avg_throughput,
    if(sum(r.gpu_utilization_count) = 0, NULL, avgMerge(r.avg_gpu_util)) AS avg_gpu_util,
    if(sum(r.kv_cache_utilization_count) = 0, NULL, avgMerge(r.avg_kv_cache_util)) AS avg_kv_cache_util,
    if(sum(r.batch_size_count) = 0, NULL, avgMerge(r.avg_batch_size)) AS avg_batch_size,
    if(sum(r.prompt_tokens_count) = 0, NULL, sum(r.prompt_tokens)) AS prompt_tokens,
    if(sum(r.completion_tokens_count) = 0, NULL, sum(r.completion_tokens)) AS completion_tokens,
    if(sum(r.total_tokens_count) = 0, NULL, sum(r.total_tokens)) AS total_tokens,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, avgMerge(r.avg_time_to_first_token)) AS avg_time_to_first_token,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.time_to_first_token_ns_quantiles)[1] / 1000000) AS p50_time_to_first_token,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.time_to_first_token_ns_quantiles)[2] / 1000000) AS p90_time_to_first_token,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.time_to_first_token_ns_quantiles)[3] / 1000000) AS p95_time_to_first_token,
    if(sum(r.time_to_first_token_ms_count) = 0, NULL, quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.time_to_first_token_ns_quantiles)[4] / 1000000) AS p99_time_to_first_token,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, avgMerge(r.avg_inter_token_latency)) AS avg_inter_token_latency,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.inter_token_latency_ns_quantiles)[1] / 1000000) AS p50_inter_token_latency,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.inter_token_latency_ns_quantiles)[2] / 1000000) AS p90_inter_token_latency,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.inter_token_latency_ns_quantiles)[3] / 1000000) AS p95_inter_token_latency,
    if(sum(r.inter_token_latency_ms_count) = 0, NULL, quantilesDDMerge(0.01, 0.5, 0.9, 0.95, 0.99)(r.inter_token_latency_ns_quantiles)[4] / 1000000) AS p99_inter_token_latency,
    if(sum(r.queue_ms_count) = 0, NULL, avgMerge(r.avg_queue)) AS avg_queue,
    if(sum(r.prefill_ms_count) = 0, NULL, avgMerge(r.avg_prefill)) AS avg_prefill,
    if(sum(r.decode_ms_count) = 0, NULL, avgMerge(r.avg_decode)) AS avg_decode,
    if(sum(r.cached_tokens_count) = 0, NULL, sum(r.cached_tokens)) AS cached_tokens,
    if(sum(r.reasoning_tokens_count) = 0, NULL, sum(r.reasoning_tokens)) AS reasoning_tokens,
    sum(r.error_count) AS error_count,
    sum(r.client_error_count) AS client_error_count,
    sum(r.aborted_count) AS aborted_count,
    sum(r.request_count) AS request_count,
    sum(r.throughput_tokens_per_sec_count) AS throughput_tokens_per_sec_count,
    sum(r.gpu_utilization_count) AS gpu_utilization_count,
    sum(r.kv_cache_utilization_count) AS kv_cache_utilization_count,
    sum(r.batch_size_count) AS batch_size_count,
    sum(r.prompt_tokens_count) AS prompt_tokens_count,
    sum(r.completion_tokens_count) AS completion_tokens_count,
    sum(r.total_tokens_count) AS total_tokens_count,
    sum(r.time_to_first_token_ms_count) AS time_to_first_token_ms_count,
    sum(r.inter_token_latency_ms_count) AS inter_token_latency_ms_count,
    sum(r.queue_ms_count) AS queue_ms_count,
    sum(r.prefill_ms_count) AS prefill_ms_count,
    sum(r.decode_ms_count) AS decode_ms_count,
    sum(r.cached_tokens_count) AS cached_tokens_count,
    sum(r.reasoning_tokens_count) AS reasoning_tokens_count
FROM optiinfra.performance_metrics_hourly AS r
GROUP BY hour, customer_id, service_id, service_type, model_name;

CREATE TABLE optiinfra.resource_metrics_ts
(
    timestamp DateTime('UTC'),
    customer_id UUID,
    instance_id LowCardinality(String),
    instance_type LowCardinality(String),
    gpu_index UInt8,
    gpu_utilization Nullable(Float32),
    gpu_memory_used_mb Nullable(Float32),
    gpu_memory_total_mb Nullable(Float32),
    gpu_temperature Nullable(Float32),
    cpu_utilization Nullable(Float32),
    memory_used_gb Nullable(Float32),
    memory_total_gb Nullable(Float32),
    network_rx_mbps Nullable(Float32),
    network_tx_mbps Nullable(Float32),
    gpu_uuid LowCardinality(String),
    gpu_name LowCardinality(String),
    mig_profile LowCardinality(String),
    gpu_power_w Nullable(Float32),
    gpu_energy_j Nullable(Float32),
    gpu_memory_temperature Nullable(Float32),
    gpu_tensor_active Nullable(Float32),
    gpu_dram_active Nullable(Float32),
    gpu_throttle_reasons Nullable(UInt32),
    gpu_xid Nullable(UInt32),
    source LowCardinality(String)
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'resource_metrics_ts', xxHash64(concat(toString(customer_id), '/', instance_id)));

CREATE TABLE optiinfra.resource_metrics_hourly
(
    hour DateTime('UTC'),
    customer_id UUID,
    instance_id LowCardinality(String),
    instance_type LowCardinality(String),
    avg_gpu_util AggregateFunction(avg, Float32),
    max_gpu_util AggregateFunction(max, Float32),
    avg_gpu_memory AggregateFunction(avg, Float32),
    max_gpu_memory SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    max_gpu_temperature SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_cpu_util AggregateFunction(avg, Float32),
    max_cpu_util SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_memory AggregateFunction(avg, Float32),
    max_memory SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_network_rx AggregateFunction(avg, Float32),
    avg_network_tx AggregateFunction(avg, Float32),
    avg_gpu_power AggregateFunction(avg, Float32),
    max_gpu_power SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    gpu_energy SimpleAggregateFunction(sum, Float64),
    max_gpu_memory_temperature SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_gpu_tensor_active AggregateFunction(avg, Float32),
    avg_gpu_dram_active AggregateFunction(avg, Float32),
    sample_count SimpleAggregateFunction(sum, UInt64),
    gpu_utilization_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    gpu_memory_used_mb_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    gpu_temperature_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    cpu_utilization_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    memory_used_gb_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    network_rx_mbps_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    network_tx_mbps_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    gpu_power_w_count SimpleAggregateFunction(sum, UInt64),
    gpu_energy_j_count SimpleAggregateFunction(sum, UInt64),
    gpu_memory_temperature_count SimpleAggregateFunction(sum, UInt64),
    gpu_tensor_active_count SimpleAggregateFunction(sum, UInt64),
    gpu_dram_active_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'resource_metrics_hourly', xxHash64(concat(toString(customer_id), '/', instance_id)));

CREATE TABLE optiinfra.resource_metrics_hourly_mv
(
    hour DateTime('UTC'),
    customer_id UUID,
    instance_id LowCardinality(String),
    instance_type LowCardinality(String),
    avg_gpu_util AggregateFunction(avg, Float32),
    max_gpu_util AggregateFunction(max, Float32),
    avg_gpu_memory AggregateFunction(avg, Float32),
    max_gpu_memory SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    max_gpu_temperature SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_cpu_util AggregateFunction(avg, Float32),
    max_cpu_util SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_memory AggregateFunction(avg, Float32),
    max_memory SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_network_rx AggregateFunction(avg, Float32),
    avg_network_tx AggregateFunction(avg, Float32),
    avg_gpu_power AggregateFunction(avg, Float32),
    max_gpu_power SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    gpu_energy SimpleAggregateFunction(sum, Float64),
    max_gpu_memory_temperature SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_gpu_tensor_active AggregateFunction(avg, Float32),
    avg_gpu_dram_active AggregateFunction(avg, Float32),
    sample_count SimpleAggregateFunction(sum, UInt64),
    gpu_utilization_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    gpu_memory_used_mb_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    gpu_temperature_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    cpu_utilization_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    memory_used_gb_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    network_rx_mbps_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    network_tx_mbps_count SimpleAggregateFunction(sum, UInt64) DEFAULT sample_count,
    gpu_power_w_count SimpleAggregateFunction(sum, UInt64),
    gpu_energy_j_count SimpleAggregateFunction(sum, UInt64),
    gpu_memory_temperature_count SimpleAggregateFunction(sum, UInt64),
    gpu_tensor_active_count SimpleAggregateFunction(sum, UInt64),
    gpu_dram_active_count SimpleAggregateFunction(sum, UInt64),
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'resource_metrics_hourly_mv', xxHash64(concat(toString(customer_id), '/', instance_id)));

CREATE VIEW optiinfra.resource_hourly AS
SELECT hour, customer_id, instance_id, instance_type,
    if(sum(r.gpu_utilization_count) = 0, NULL, avgMerge(r.avg_gpu_util)) AS avg_gpu_util,
    if(sum(r.gpu_utilization_count) = 0, NULL, maxMerge(r.max_gpu_util)) AS max_gpu_util,
    if(sum(r.gpu_memory_used_mb_count) = 0, NULL, avgMerge(r.avg_gpu_memory)) AS avg_gpu_memory,
    if(sum(r.gpu_memory_used_mb_count) = 0, NULL, toFloat32(max(r.max_gpu_memory))) AS max_gpu_memory,
    if(sum(r.gpu_temperature_count) = 0, NULL, toFloat32(max(r.max_gpu_temperature))) AS max_gpu_temperature,
    if(sum(r.cpu_utilization_count) = 0, NULL, avgMerge(r.avg_cpu_util)) AS avg_cpu_util,
    if(sum(r.cpu_utilization_count) = 0, NULL, toFloat32(max(r.max_cpu_util))) AS max_cpu_util,
    if(sum(r.memory_used_gb_count) = 0, NULL, avgMerge(r.avg_memory)) AS avg_memory,
    if(sum(r.memory_used_gb_count) = 0, NULL, toFloat32(max(r.max_memory))) AS max_memory,
    if(sum(r.network_rx_mbps_count) = 0, NULL, avgMerge(r.avg_network_rx)) AS avg_network_rx,
    if(sum(r.network_tx_mbps_count) = 0, NULL, avgMerge(r.avg_network_tx)) AS avg_network_tx,
    if(sum(r.gpu_power_w_count) = 0, NULL, avgMerge(r.avg_gpu_power)) AS avg_gpu_power,
    if(sum(r.gpu_power_w_count) = 0, NULL, toFloat32(max(r.max_gpu_power))) AS max_gpu_power,
    if(sum(r.gpu_energy_j_count) = 0, NULL, sum(r.gpu_energy)) AS gpu_energy,
    if(sum(r.gpu_memory_temperature_count) = 0, NULL, toFloat32(max(r.max_gpu_memory_temperature))) AS max_gpu_memory_temperature,
    if(sum(r.gpu_tensor_active_count) = 0, NULL, avgMerge(r.avg_gpu_tensor_active)) AS avg_gpu_tensor_active,
    if(sum(r.gpu_dram_active_count) = 0, NULL, avgMerge(r.avg_gpu_dram_active)) AS avg_gpu_dram_active,
    sum(r.sample_count) AS sample_count,
    sum(r.gpu_utilization_count) AS gpu_utilization_count,
    sum(r.gpu_memory_used_mb_count) AS gpu_memory_used_mb_count,
    sum(r.gpu_temperature_count) AS gpu_temperature_count,
    sum(r.cpu_utilization_count) AS cpu_utilization_count,
    sum(r.memory_used_gb_count) AS memory_used_gb_count,
    sum(r.network_rx_mbps_count) AS network_rx_mbps_count,
    sum(r.network_tx_mbps_count) AS network_tx_mbps_count,
    sum(r.gpu_power_w_count) AS gpu_power_w_count,
    sum(r.gpu_energy_j_count) AS gpu_energy_j_count,
    sum(r.gpu_memory_temperature_count) AS gpu_memory_temperature_count,
    sum(r.gpu_tensor_active_count) AS gpu_tensor_active_count,
    sum(r.gpu_dram_active_count) AS gpu_dram_active_count
FROM optiinfra.resource_metrics_hourly AS r
GROUP BY hour, customer_id, instance_id, instance_type;

CREATE TABLE optiinfra.quality_metrics_ts
(
    timestamp DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    request_id UUID,
    model_name LowCardinality(String),
    relevance_score Nullable(Float32),
    coherence_score Nullable(Float32),
    factuality_score Nullable(Float32),
    hallucination_detected Nullable(UInt8),
    toxicity_score Nullable(Float32),
    overall_quality_score Float32 DEFAULT nan,
    prompt_hash String,
    latency_ms Nullable(UInt32),
    evaluator LowCardinality(String),
    response_id String,
    source LowCardinality(String)
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'quality_metrics_ts', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE TABLE optiinfra.quality_metrics_hourly
(
    hour DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    model_name LowCardinality(String),
    avg_quality AggregateFunction(avg, Float32),
    min_quality SimpleAggregateFunction(min, Float32),
    avg_relevance AggregateFunction(avg, Float32),
    avg_coherence AggregateFunction(avg, Float32),
    avg_factuality AggregateFunction(avg, Float32),
    avg_toxicity AggregateFunction(avg, Float32),
    max_toxicity SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_latency AggregateFunction(avg, UInt32),
    hallucination_count SimpleAggregateFunction(sum, UInt64),
    request_count SimpleAggregateFunction(sum, UInt64),
    relevance_score_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    coherence_score_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    factuality_score_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    toxicity_score_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    latency_ms_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    hallucination_detected_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'quality_metrics_hourly', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE TABLE optiinfra.quality_metrics_hourly_mv
(
    hour DateTime('UTC'),
    customer_id UUID,
    service_id UUID,
    model_name LowCardinality(String),
    avg_quality AggregateFunction(avg, Float32),
    min_quality SimpleAggregateFunction(min, Float32),
    avg_relevance AggregateFunction(avg, Float32),
    avg_coherence AggregateFunction(avg, Float32),
    avg_factuality AggregateFunction(avg, Float32),
    avg_toxicity AggregateFunction(avg, Float32),
    max_toxicity SimpleAggregateFunction(max, Float32) DEFAULT -inf,
    avg_latency AggregateFunction(avg, UInt32),
    hallucination_count SimpleAggregateFunction(sum, UInt64),
    request_count SimpleAggregateFunction(sum, UInt64),
    relevance_score_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    coherence_score_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    factuality_score_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    toxicity_score_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    latency_ms_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    hallucination_detected_count SimpleAggregateFunction(sum, UInt64) DEFAULT request_count,
    arrival_hour SimpleAggregateFunction(min, DateTime('UTC')),
    generation UInt32
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'quality_metrics_hourly_mv', xxHash64(concat(toString(customer_id), '/', toString(service_id))));

CREATE VIEW optiinfra.quality_hourly AS
SELECT hour, customer_id, service_id, model_name,
    avgMerge(r.avg_quality) AS avg_quality,
    toFloat32(min(r.min_quality)) AS min_quality,
    if(sum(r.relevance_score_count) = 0, NULL, avgMerge(r.avg_relevance)) AS avg_relevance,
    if(sum(r.coherence_score_count) = 0, NULL, avgMerge(r.avg_coherence)) AS avg_coherence,
    if(sum(r.factuality_score_count) = 0, NULL, avgMerge(r.avg_factuality)) AS avg_factuality,
    if(sum(r.toxicity_score_count) = 0, NULL, avgMerge(r.avg_toxicity)) AS avg_toxicity,
    if(sum(r.toxicity_score_count) = 0, NULL, toFloat32(max(r.max_toxicity))) AS max_toxicity,
    if(sum(r.latency_ms_count) = 0, NULL, avgMerge(r.avg_latency)) AS avg_latency,
    if(sum(r.hallucination_detected_count) = 0, NULL, sum(r.hallucination_count)) AS hallucination_count,
    sum(r.request_count) AS request_count,
    sum(r.relevance_score_count) AS relevance_score_count,
    sum(r.coherence_score_count) AS coherence_score_count,
    sum(r.factuality_score_count) AS factuality_score_count,
    sum(r.toxicity_score_count) AS toxicity_score_count,
    sum(r.latency_ms_count) AS latency_ms_count,
    sum(r.hallucination_detected_count) AS hallucination_detected_count
FROM optiinfra.quality_metrics_hourly AS r
GROUP BY hour, customer_id, service_id, model_name;

CREATE TABLE optiinfra.attributed_cost_hourly
(
    hour DateTime('UTC'),
    version UInt64,
    customer_id UUID,
    served_customer_id UUID,
    service_id UUID,
    model_name LowCardinality(String),
    instance_id LowCardinality(String),
    cloud_provider LowCardinality(String),
    region LowCardinality(String),
    instance_type LowCardinality(String),
    kind LowCardinality(String),
    currency LowCardinality(String),
    cost Int64,
    input_cost Int64,
    avoided_cost Int64,
    shared_underfill Int64,
    shared_idle Int64,
    billed Int64,
    requests UInt64,
    prompt_tokens UInt64,
    cached_tokens UInt64,
    completion_tokens UInt64,
    weight UInt64,
    efficient_rate UInt64,
    busy_seconds UInt32,
    covered_seconds UInt32,
    method LowCardinality(String),
    price_source LowCardinality(String)
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'attributed_cost_hourly', xxHash64(hour));

CREATE TABLE optiinfra.attributed_hours
(
    hour DateTime('UTC'),
    version UInt64,
    inputs UInt64,
    rows UInt64,
    checksum UInt64,
    requests UInt64,
    made_at DateTime('UTC')
)
ENGINE = Distributed('pair', 'optiinfra_shard', 'attributed_hours', xxHash64(hour));
