"""Seeded, telemetry-like rows as SQL: integers, one to three decimals, a daily rhythm, Zipf-like services.

Random full-precision floats do not compress at all, so every codec would look equally bad on them.
"""
START = 1755648000  # 2025-08-20 00:00:00 UTC
MODELS = ("['llama-3.1-8b','llama-3.1-70b','mistral-7b-instruct','mixtral-8x7b','qwen2.5-32b',"
          "'deepseek-r1-distill-14b','gemma-2-27b','phi-3-medium']")
COLUMNS = {
    "cost": "timestamp,customer_id,cloud_provider,service_name,instance_id,instance_type,region,cost_per_hour,"
            "utilization_percent,is_spot,is_reserved",
    "performance": "timestamp,customer_id,service_id,service_type,model_name,request_id,latency_ms,"
                   "throughput_tokens_per_sec,gpu_utilization,kv_cache_utilization,batch_size,prompt_tokens,"
                   "completion_tokens,total_tokens",
    "resource": "timestamp,customer_id,instance_id,instance_type,gpu_index,gpu_utilization,gpu_memory_used_mb,"
                "gpu_memory_total_mb,gpu_temperature,cpu_utilization,memory_used_gb,memory_total_gb,network_rx_mbps,"
                "network_tx_mbps",
    "quality": "timestamp,customer_id,service_id,request_id,model_name,relevance_score,coherence_score,"
               "factuality_score,hallucination_detected,toxicity_score,overall_quality_score,prompt_hash,latency_ms",
}


def uniform(k):
    return f"(cityHash64(number,{k})/18446744073709551616.)"


def normal(k):
    return f"(sqrt(-2*log({uniform(k)}+1e-12))*cos(6.283185307179586*{uniform(k + 1)}))"


def entity(salt, x):
    return f"reinterpretAsUUID(unhex(hex(sipHash128({salt},{x}))))"


def clamped(mean, spread, k, digits, top):
    return f"toFloat32(round(least({top},greatest(0,{mean}+{spread}*{normal(k)})),{digits}))"


def busy_afternoon(day, k):
    return f"({day}*86400+toUInt32(86399*least(1,greatest(0,{uniform(k)}+0.12*sin(6.2831853*{uniform(k)})))))"


def performance(rows, days, services=200):
    return f"""SELECT toDateTime({START}+{busy_afternoon(f'intDiv(number*{days},{rows})', 1)},'UTC') timestamp,
        toUInt32(pow({services},{uniform(2)}))-1 AS s, {entity(1, 's%20')} customer_id, {entity(2, 's')} service_id,
        ['vllm','tgi','sglang'][1+s%3] service_type, {MODELS}[1+(s+({uniform(3)}<0.15))%8] model_name,
        generateUUIDv4(number) request_id,
        toUInt32(least(1024,exp(4.8+0.9*{normal(4)}))) completion_tokens,
        toUInt32(least(32000,exp(6.2+1.1*{normal(6)}))) prompt_tokens, prompt_tokens+completion_tokens total_tokens,
        toUInt32(1+(6+4*sin((toUnixTimestamp(timestamp)%86400)/13751.))*(1+s%5)*(0.5+{uniform(8)})) batch_size,
        toFloat32(round(15+prompt_tokens*0.12+completion_tokens*(8+batch_size*0.25+3*{uniform(9)}),1)) latency_ms,
        toFloat32(round(completion_tokens*1000/latency_ms,1)) throughput_tokens_per_sec,
        {clamped('40+batch_size*1.2', 6, 10, 0, 100)} gpu_utilization,
        {clamped('10+batch_size*1.7', 3, 12, 1, 100)} kv_cache_utilization FROM numbers({rows})"""


def quality(rows, days, services=200):
    return f"""SELECT toDateTime({START}+{busy_afternoon(f'intDiv(number*{days},{rows})', 1)},'UTC') timestamp,
        toUInt32(pow({services},{uniform(2)}))-1 AS s, {entity(1, 's%20')} customer_id, {entity(2, 's')} service_id,
        {MODELS}[1+(s+({uniform(3)}<0.15))%8] model_name, generateUUIDv4(number) request_id,
        {clamped(0.8, 0.1, 4, 3, 1)} relevance_score, {clamped(0.85, 0.08, 6, 3, 1)} coherence_score,
        {clamped(0.75, 0.12, 8, 3, 1)} factuality_score, toUInt8(factuality_score<0.55) hallucination_detected,
        toFloat32(round(least(1,exp(-4+{normal(10)})),3)) toxicity_score,
        toFloat32(round(0.4*relevance_score+0.3*coherence_score+0.3*factuality_score,3)) overall_quality_score,
        lower(hex(cityHash64(toUInt32(pow(1000000,{uniform(12)})),s))) prompt_hash,
        toUInt32(50+400*exp(0.6*{normal(13)})) latency_ms FROM numbers({rows})"""


def resource(instances, minutes):
    return f"""SELECT toUInt32(number%{instances}) AS i, intDiv(number,{instances}) AS m,
        toDateTime({START}+m*60+i%60,'UTC') timestamp, {entity(1, 'i%20')} customer_id,
        concat('i-0',lower(hex(sipHash64(i)))) instance_id,
        ['p4d.24xlarge','g5.2xlarge','p5.48xlarge','a2-highgpu-1g','Standard_ND96'][1+i%5] instance_type,
        toUInt8(0) gpu_index, (0.5+0.4*sin((m+i%97*15)/229.2)) AS load,
        {clamped('100*load', 5, 1, 0, 100)} gpu_utilization,
        toFloat32(18000+(i%7)*4000+512*floor(8*load)) gpu_memory_used_mb,
        toFloat32([40960,24576,81920][1+i%3]) gpu_memory_total_mb,
        {clamped('35+45*load', 1, 3, 0, 200)} gpu_temperature, {clamped('10+40*load', 4, 5, 1, 100)} cpu_utilization,
        {clamped('40+60*load', 0.3, 7, 2, 9999)} memory_used_gb, toFloat32([1152,64,2048][1+i%3]) memory_total_gb,
        {clamped('200*load', 30, 9, 2, 9999)} network_rx_mbps, {clamped('120*load', 20, 11, 2, 9999)} network_tx_mbps
        FROM numbers({instances * minutes})"""


def cost(instances, hours):
    return f"""SELECT toUInt32(number%{instances}) AS i, intDiv(number,{instances}) AS h,
        toDateTime({START}+h*3600,'UTC') timestamp, {entity(1, 'i%20')} customer_id,
        ['aws','gcp','azure'][1+i%3] cloud_provider,
        [['ec2','sagemaker','eks'],['compute-engine','vertex','gke'],['vm','ml','aks']][1+i%3][1+toUInt8(i%7/3)] service_name,
        concat('i-0',lower(hex(sipHash64(i)))) instance_id,
        ['p4d.24xlarge','g5.2xlarge','p5.48xlarge','a2-highgpu-1g','Standard_ND96','m6i.xlarge','n2-standard-8','D8s_v5'][1+i%8] instance_type,
        ['us-east-1','us-west-2','eu-west-1','eu-central-1','ap-southeast-1','us-central1','westeurope'][1+i%7] region,
        toUInt8(cityHash64(i,5)%10<3) is_spot, toUInt8(cityHash64(i,6)%10>7) is_reserved,
        round([32.7726,1.212,98.32,3.673477,27.197,0.192,0.38848,0.384][1+i%8]
              *multiIf(is_spot,0.3+0.1*{uniform(1)},is_reserved,0.62,1.),6) cost_per_hour,
        {clamped('45+30*sin((h+i%24)/3.82)', 6, 2, 1, 100)} utilization_percent FROM numbers({instances * hours})"""
