#include "optiinfra/host/host_sampler.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "fake_nvml.hpp"
#include "optiinfra/schema/validate.hpp"

namespace optiinfra::host {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr sys_seconds kClock{std::chrono::seconds{1'767'225'600}};
constexpr Uuid kCustomer{0x550e8400e29b41d4, 0xa716446655440000};

/// A host made of files in a folder of its own, and a clock that a test moves.
class HostSamplerTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::temp_directory_path() /
            ("optiinfra-" + std::string(test->name()) + "-" + std::to_string(getpid()));
    add_interface("eth0", "device");
    add_interface("docker0", "bridge");
    add_interface("veth1", "brport");
    write("sys/class/dmi/id/product_name", "p5.48xlarge\n");
    set_ticks(1000, 9000);
    set_memory(64'000'000, 48'000'000);
    set_network({{"lo", 7}, {"eth0", 1'000'000}, {"docker0", 500}, {"veth1", 500}});
    options_.customer_id = kCustomer;
    options_.instance_id = "i-1";
    options_.proc_root = root_ / "proc";
    options_.sys_root = root_ / "sys";
    options_.nvml_library = "";
    options_.monotonic_clock = [this] { return time_; };
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const fs::path& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  void add_interface(const std::string& name, const std::string& what) {
    fs::create_directories(root_ / "sys/class/net" / name / what);
  }
  void set_ticks(int busy, int idle) {
    write("proc/stat", "cpu  " + std::to_string(busy) + " 0 0 " + std::to_string(idle) + " 0 0 0 0 0 0\n");
  }
  void set_memory(int total_kb, int available_kb) {
    write("proc/meminfo", "MemTotal: " + std::to_string(total_kb) +
                              " kB\nMemAvailable: " + std::to_string(available_kb) + " kB\n");
  }
  /// Each interface has received the given bytes, and sent a quarter of them.
  void set_network(const std::vector<std::pair<std::string, long>>& bytes) {
    std::string text = "Inter-| Receive | Transmit\n face |bytes |bytes\n";
    for (const auto& [name, received] : bytes) {
      text += name + ": " + std::to_string(received) + " 0 0 0 0 0 0 0 " + std::to_string(received / 4) +
              " 0 0 0\n";
    }
    write("proc/net/dev", text);
  }
  HostSampler open() {
    auto sampler = HostSampler::open(options_);
    EXPECT_TRUE(sampler) << (sampler ? "" : sampler.error().message);
    return *std::move(sampler);
  }
  ResourceMetric sample_one(HostSampler& sampler) {
    auto rows = sampler.sample(kClock);
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().message);
    EXPECT_EQ(rows->size(), 1u);
    return rows->front();
  }

  fs::path root_;
  HostSamplerOptions options_;
  std::chrono::steady_clock::time_point time_{};
};

TEST_F(HostSamplerTest, FirstSampleCoversTheTimeSinceOpen) {
  HostSampler sampler = open();
  time_ += milliseconds{2000};
  set_ticks(1075, 9225);
  set_network({{"lo", 1'000'007}, {"eth0", 3'500'000}});
  const ResourceMetric row = sample_one(sampler);
  EXPECT_EQ(row.timestamp, kClock);
  EXPECT_EQ(row.customer_id, kCustomer);
  EXPECT_EQ(row.instance_id, "i-1");
  EXPECT_EQ(row.instance_type, "p5.48xlarge");
  EXPECT_FLOAT_EQ(row.cpu_utilization.value(), 25.0f);
  EXPECT_FLOAT_EQ(row.network_rx_mbps.value(), 10.0f);  // 2.5 MB in 2 s.
  EXPECT_FLOAT_EQ(row.network_tx_mbps.value(), 2.5f);
  EXPECT_FLOAT_EQ(row.memory_used_gb.value(), 16.384f);
  EXPECT_FLOAT_EQ(row.memory_total_gb.value(), 65.536f);
  EXPECT_EQ(row.gpu_index, 0);
  EXPECT_EQ(row.gpu_memory_total_mb, std::nullopt);
}

TEST_F(HostSamplerTest, LaterSamplesCoverTheTimeSinceTheOneBefore) {
  HostSampler sampler = open();
  time_ += milliseconds{1000};
  set_ticks(1100, 9000);
  EXPECT_FLOAT_EQ(sample_one(sampler).cpu_utilization.value(), 100.0f);
  time_ += milliseconds{1000};
  set_ticks(1100, 9100);
  EXPECT_FLOAT_EQ(sample_one(sampler).cpu_utilization.value(), 0.0f);
}

TEST_F(HostSamplerTest, RepeatsItsRatesWhenNoTimePassed) {
  HostSampler sampler = open();
  time_ += milliseconds{1000};
  set_ticks(1050, 9050);
  set_network({{"eth0", 1'125'000}});
  sample_one(sampler);
  const ResourceMetric again = sample_one(sampler);
  EXPECT_FLOAT_EQ(again.cpu_utilization.value(), 50.0f);
  EXPECT_FLOAT_EQ(again.network_rx_mbps.value(), 1.0f);
}

TEST_F(HostSamplerTest, LeavesOutInterfacesWithoutADevice) {
  HostSampler sampler = open();
  time_ += milliseconds{1000};
  set_network({{"lo", 9'000'007}, {"eth0", 1'125'000}, {"docker0", 9'000'500}, {"veth1", 9'000'500}});
  EXPECT_FLOAT_EQ(sample_one(sampler).network_rx_mbps.value(), 1.0f);
}

TEST_F(HostSamplerTest, CountsVirtualInterfacesWhereNoneHasADevice) {
  fs::remove_all(root_ / "sys/class/net/eth0/device");
  HostSampler sampler = open();
  time_ += milliseconds{1000};
  set_network({{"lo", 9'000'007}, {"eth0", 1'125'000}, {"docker0", 9'000'500}, {"veth1", 9'000'500}});
  EXPECT_FLOAT_EQ(sample_one(sampler).network_rx_mbps.value(), 1.0f);
}

TEST_F(HostSamplerTest, ACounterThatStartsAgainGivesNoValue) {
  HostSampler sampler = open();
  time_ += milliseconds{1000};
  set_network({{"eth0", 12}});
  const ResourceMetric row = sample_one(sampler);
  EXPECT_EQ(row.network_rx_mbps, std::nullopt);
  EXPECT_EQ(row.network_tx_mbps, std::nullopt);
  time_ += milliseconds{1000};
  set_network({{"eth0", 125'012}});
  EXPECT_FLOAT_EQ(sample_one(sampler).network_rx_mbps.value(), 1.0f) << "known again";
}

TEST_F(HostSamplerTest, WithoutTimeBetweenNothingIsKnownOfTheFirstSample) {
  HostSampler sampler = open();
  const ResourceMetric row = sample_one(sampler);
  EXPECT_EQ(row.cpu_utilization, std::nullopt);
  EXPECT_EQ(row.network_rx_mbps, std::nullopt);
}

TEST_F(HostSamplerTest, AnUnreadableFileIsNamedAndTheBaselineStays) {
  HostSampler sampler = open();
  time_ += milliseconds{1000};
  fs::remove(root_ / "proc/net/dev");
  const auto failed = sampler.sample(kClock);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::kStorage);
  EXPECT_THAT(failed.error().message, HasSubstr("proc/net/dev"));
  time_ += milliseconds{1000};
  set_network({{"eth0", 1'250'000}});
  EXPECT_FLOAT_EQ(sample_one(sampler).network_rx_mbps.value(), 1.0f);  // 250 kB in both seconds.
}

TEST_F(HostSamplerTest, OpenRefusesANilCustomer) {
  options_.customer_id = {};
  const auto sampler = HostSampler::open(options_);
  ASSERT_FALSE(sampler);
  EXPECT_EQ(sampler.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(HostSamplerTest, OpenRefusesANameThatTheStoreWouldRefuse) {
  options_.instance_id.assign(kTextBytesMax + 1, 'x');
  EXPECT_FALSE(HostSampler::open(options_));
}

TEST_F(HostSamplerTest, TheInstanceTypeGivenWinsAndAMachineThatSaysNothingHasNone) {
  options_.instance_type = "custom";
  EXPECT_EQ(open().instance_type(), "custom");
  options_.instance_type.reset();
  fs::remove(root_ / "sys/class/dmi/id/product_name");
  EXPECT_EQ(open().instance_type(), "");
}

TEST_F(HostSamplerTest, TheInstanceIsTheHostWhenNoneIsGiven) {
  options_.instance_id.clear();
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  EXPECT_EQ(open().instance_id(), name);
}

TEST_F(HostSamplerTest, AHostWithoutTheGpuLibraryIsNoError) {
  options_.nvml_library = "libno-such-gpu-library.so.1";
  HostSampler sampler = open();
  EXPECT_THAT(sampler.gpu_note(), HasSubstr("libno-such-gpu-library.so.1"));
  EXPECT_TRUE(sampler.gpus().empty());
  EXPECT_EQ(sample_one(sampler).gpu_index, 0);
  EXPECT_TRUE(sampler.warnings().empty());
}

TEST_F(HostSamplerTest, ALibraryThatIsNotNvmlIsNoError) {
  options_.nvml_library = "libm.so.6";
  EXPECT_THAT(open().gpu_note(), HasSubstr("not NVML"));
}

/// The same host with the fake GPU library. Its handle is kept, so that the control stays in memory.
class GpuTest : public HostSamplerTest {
 protected:
  void SetUp() override {
    HostSamplerTest::SetUp();
    library_ = dlopen(OPTIINFRA_FAKE_NVML, RTLD_NOW);
    ASSERT_NE(library_, nullptr) << dlerror();
    control_ = reinterpret_cast<fake_nvml::Control* (*)()>(dlsym(library_, "fake_nvml_control"))();
    *control_ = {};
    constexpr unsigned long long kMib = 1 << 20;
    for (unsigned index = 0; index < 3; ++index) {
      control_->gpus.push_back({.utilization = 10 * index,
                                .memory_used = (1000 + index) * kMib,
                                .memory_total = 81'559 * kMib,
                                .temperature = 40 + index});
    }
    options_.nvml_library = OPTIINFRA_FAKE_NVML;
  }
  void TearDown() override {
    EXPECT_EQ(control_->sessions, 0) << "each nvmlInit_v2 needs its nvmlShutdown";
    dlclose(library_);
    HostSamplerTest::TearDown();
  }
  std::vector<ResourceMetric> sample(HostSampler& sampler) {
    auto rows = sampler.sample(kClock);
    EXPECT_TRUE(rows);
    ResourceBatch batch;
    batch.append(*rows);
    EXPECT_TRUE(validate<ResourceMetric>(batch, kClock).ok());
    return *std::move(rows);
  }

  void* library_ = nullptr;
  fake_nvml::Control* control_ = nullptr;
};

TEST_F(GpuTest, EachGpuHasARowWithTheHostsValues) {
  HostSampler sampler = open();
  const auto rows = sample(sampler);
  ASSERT_EQ(rows.size(), 3u);
  for (unsigned index = 0; index < 3; ++index) {
    EXPECT_EQ(rows[index].gpu_index, index);
    EXPECT_EQ(rows[index].gpu_utilization, 10.0f * static_cast<float>(index));
    EXPECT_EQ(rows[index].gpu_memory_used_mb, 1000.0f + static_cast<float>(index));
    EXPECT_EQ(rows[index].gpu_memory_total_mb, 81'559.0f);
    EXPECT_EQ(rows[index].gpu_temperature, 40.0f + static_cast<float>(index));
    EXPECT_FLOAT_EQ(rows[index].memory_total_gb.value(), 65.536f);
  }
  EXPECT_EQ(sampler.gpus().at(2).name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(sampler.gpu_note(), "");
}

TEST_F(GpuTest, AGpuThatFailsCostsOnlyItsOwnRow) {
  HostSampler sampler = open();
  for (int fake_nvml::Gpu::* code : {&fake_nvml::Gpu::handle_code, &fake_nvml::Gpu::utilization_code,
                                     &fake_nvml::Gpu::memory_code, &fake_nvml::Gpu::temperature_code}) {
    control_->gpus[1].*code = 15;
    const auto rows = sample(sampler);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].gpu_index, 0);
    EXPECT_EQ(rows[1].gpu_index, 2);
    ASSERT_EQ(sampler.warnings().size(), 1u);
    EXPECT_THAT(sampler.warnings()[0], HasSubstr("GPU 1"));
    EXPECT_THAT(sampler.warnings()[0], HasSubstr("GPU is lost"));
    control_->gpus[1].*code = 0;
  }
  EXPECT_EQ(sample(sampler).size(), 3u);
  EXPECT_TRUE(sampler.warnings().empty());
}

TEST_F(GpuTest, AValueThatAGpuLacksIsAbsentAndTheRowStays) {
  control_->gpus[2].utilization_code = 3;
  HostSampler sampler = open();
  const auto rows = sample(sampler);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].gpu_utilization, std::nullopt);
  EXPECT_EQ(rows[2].gpu_temperature, 42.0f);
  ASSERT_EQ(sampler.warnings().size(), 1u);
  EXPECT_THAT(sampler.warnings()[0], HasSubstr("GPU 2 does not support utilization"));
}

TEST_F(GpuTest, PowerEnergyAndThrottlingAreReadAndTheGpuIsNamed) {
  HostSampler sampler = open();
  control_->gpus[1].power_mw = 312'500;
  control_->gpus[1].energy_mj += 625'000;
  control_->gpus[1].throttle_reasons = 0x20;
  const auto rows = sample(sampler);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].gpu_uuid, "GPU-c4f2a8e1-0000-0000-0000-000000000000");
  EXPECT_EQ(rows[1].gpu_name, "NVIDIA H100 80GB HBM3");
  EXPECT_FLOAT_EQ(rows[1].gpu_power_w.value(), 312.5f);
  EXPECT_FLOAT_EQ(rows[1].gpu_energy_j.value(), 625.0f) << "since open()";
  EXPECT_EQ(rows[1].gpu_throttle_reasons, 0x20u);
  EXPECT_EQ(rows[0].gpu_energy_j, 0.0f) << "measured: it used none";
  EXPECT_EQ(rows[0].gpu_throttle_reasons, 0u);
  control_->gpus[1].energy_mj += 1'000;
  EXPECT_FLOAT_EQ(sample(sampler)[1].gpu_energy_j.value(), 1.0f) << "since the sample before";
}

TEST_F(GpuTest, AnEnergyCounterThatStartsAgainGivesNoValue) {
  HostSampler sampler = open();
  control_->gpus[0].energy_mj = 5;
  EXPECT_EQ(sample(sampler)[0].gpu_energy_j, std::nullopt);
  control_->gpus[0].energy_mj = 3'005;
  EXPECT_FLOAT_EQ(sample(sampler)[0].gpu_energy_j.value(), 3.0f);
}

TEST_F(GpuTest, WhatFewGpusHaveIsAbsentWithoutAWord) {
  for (auto& gpu : control_->gpus) gpu.power_code = gpu.energy_code = gpu.throttle_code = gpu.uuid_code = 3;
  HostSampler sampler = open();
  const auto rows = sample(sampler);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].gpu_power_w, std::nullopt);
  EXPECT_EQ(rows[0].gpu_energy_j, std::nullopt);
  EXPECT_EQ(rows[0].gpu_throttle_reasons, std::nullopt);
  EXPECT_EQ(rows[0].gpu_uuid, "");
  EXPECT_TRUE(sampler.warnings().empty());
}

TEST_F(GpuTest, APowerReadingThatFailsIsNamedAndTheRowStays) {
  control_->gpus[2].power_code = 4;
  HostSampler sampler = open();
  const auto rows = sample(sampler);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].gpu_power_w, std::nullopt);
  EXPECT_EQ(rows[2].gpu_temperature, 42.0f);
  ASSERT_EQ(sampler.warnings().size(), 1u);
  EXPECT_THAT(sampler.warnings()[0], HasSubstr("GPU 2: its power cannot be read"));
}

TEST_F(GpuTest, WhenAllGpusFailTheHostsRowRemains) {
  for (auto& gpu : control_->gpus) gpu.handle_code = 15;
  HostSampler sampler = open();
  const ResourceMetric row = sample_one(sampler);
  EXPECT_EQ(row.gpu_memory_total_mb, std::nullopt);
  EXPECT_FLOAT_EQ(row.memory_total_gb.value(), 65.536f);
  EXPECT_EQ(sampler.warnings().size(), 3u);
}

TEST_F(GpuTest, UtilizationBeyondARangeTheStoreTakesIsCut) {
  control_->gpus[0].utilization = 4'000'000'000u;
  HostSampler sampler = open();
  EXPECT_EQ(sample(sampler)[0].gpu_utilization, 100.0f);
}

TEST_F(GpuTest, ADriverThatDoesNotStartIsNoError) {
  control_->init_code = 9;
  HostSampler sampler = open();
  EXPECT_THAT(sampler.gpu_note(), HasSubstr("Driver Not Loaded"));
  sample_one(sampler);
}

TEST_F(GpuTest, GpusThatCannotBeCountedAreNoError) {
  control_->count_code = 15;
  HostSampler sampler = open();
  EXPECT_THAT(sampler.gpu_note(), HasSubstr("cannot be counted"));
  sample_one(sampler);
}

TEST_F(GpuTest, ADriverWithoutGpusLeavesTheHostsRow) {
  control_->gpus.clear();
  HostSampler sampler = open();
  EXPECT_THAT(sampler.gpu_note(), HasSubstr("no GPU"));
  sample_one(sampler);
}

}  // namespace
}  // namespace optiinfra::host
