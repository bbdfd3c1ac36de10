/* mix_kinds.c - every scenario of the settlement rules as a row: how many the reference fleet has,
 * what hangs on the wall, what was agreed and what happened in the month.
 */
#include "sim/mix.h"

#define GEN(shape) { "gen", shape, POINT_GENERATION, "ep_gen", "kWh" }
#define OUT { "export", MIX_OVER, POINT_EXPORT, "ep_exp", "kWh" }
#define USE(code, shape) { code, shape, POINT_IMPORT, "ep_imp", "kWh" }
#define CHARGE { "charge", MIX_NIGHT, POINT_CHARGE, "ep_imp", "kWh" }
#define DISCHARGE { "discharge", MIX_EVENING, POINT_DISCHARGE, "ep_exp", "kWh" }
#define Q(code) { code, MIX_REACTIVE, POINT_REACTIVE, "eq", "kvarh" }

#define TARIFF "\"calendar\":\"zhejiang\",\"prices\":{\"grid_price\":\"zhejiang\"},"
#define PV_PARTIES                                                                                 \
    "{\"parties\":{\"investor\":\"{o:investor}\",\"grid\":\"{o:grid}\","                          \
    "\"platform\":\"{o:platform}\","
#define ESS_METERS                                                                                 \
    "\"meters\":{\"charge\":\"{p:charge}\",\"discharge\":\"{p:discharge}\","                      \
    "\"grid_import\":\"{p:gate}\"},"
#define ESS_PARTIES "\"consumer\":\"{o:consumer}\",\"investor\":\"{o:investor}\""
#define DR_TIERS "\"tiers\":[[\"0\",\"0\"],[\"0.5\",\"0.8\"],[\"0.8\",\"1\"]],\"cap_ratio\":\"1.2\""
#define VPP_TERMS(price)                                                                           \
    "{\"parties\":{\"market\":\"{o:market}\",\"operator\":\"{o:platform}\"},"                     \
    "\"calendar\":\"zhejiang\",\"settings\":{\"event_kind\":\"shave\","                            \
    "\"method\":\"high_x_of_y\",\"x\":\"4\",\"lookback\":\"5\",\"adjust\":\"0.20\"," DR_TIERS     \
    "," price "},\"axis\":\"event\",\"windows\":{\"before\":{\"of\":\"event\",\"minutes\":120}}," \
    "\"groups\":{\"resource\":[{m:{\"name\":\"M{i}\",\"org\":\"{o:member}\",\"meters\":"          \
    "{\"load\":\"{p:u#}\",\"warm\":\"{p:u#}\"},\"settings\":{\"declared\":\"{r:40:160:0}\"},"     \
    "\"groups\":{\"day\":{\"days\":{\"of\":\"event\",\"look_back\":45}}}}}]}}"
#define VPP_FACTS                                                                                  \
    "{\"settings\":{\"income\":\"{r:900:4000:2}\",\"penalty\":\"{r:0:60:2}\"},\"windows\":"       \
    "{\"event\":{\"from\":\"{e}T19:00\",\"until\":\"{e}T20:00\"}}}"
#define LEASE_FACTS                                                                                \
    "\"days_in_month\":\"{n}\",\"days_in_service\":\"{n}\",\"available\":\"{N}\","                \
    "\"total\":\"{N}\""

const struct mix_kind mix_kinds[] = {
    { "vpp_pool", "VPPS", "虚拟电厂按比例分成", STATION_CONSUMER, 60, 3, 10, 0, true, false,
      { USE("u#", MIX_LOAD) },
      { "market>operator", "operator>market", "operator>M", "M>operator" },
      VPP_TERMS("\"operator_share\":\"0.2\""), VPP_FACTS },
    { "vpp_price", "VPPP", "虚拟电厂固定价格", STATION_CONSUMER, 60, 3, 10, 0, true, false,
      { USE("u#", MIX_LOAD) },
      { "market>operator", "operator>market", "operator>M", "M>operator" },
      VPP_TERMS("\"user_price\":\"2.5\""), VPP_FACTS },
    { "pv_selfuse", "PVSU", "自发自用余电上网", STATION_PV, 9000, 0, 0, 0, false, true,
      { GEN(MIX_SUN), OUT },
      { "consumer>investor", "grid>investor", "investor>platform" },
      PV_PARTIES "\"consumer\":\"{o:consumer}\"}," TARIFF
                 "\"meters\":{\"gen\":\"{p:gen}\",\"export\":\"{p:export}\"},\"settings\":"
                 "{\"discount\":\"0.{r:80:94:0}\",\"feed_in\":\"0.4153\",\"fee_rate\":\"0.01\"}}",
      NULL },
    { "pv_full_feed_in", "PVFF", "全额上网", STATION_PV, 2621, 0, 0, 0, false, true,
      { { "export", MIX_SUN, POINT_EXPORT, "ep_exp", "kWh" } },
      { "grid>investor", "investor>roof_owner", "investor>platform" },
      PV_PARTIES "\"roof_owner\":\"{o:consumer}\"},\"meters\":{\"export\":\"{p:export}\"},"
                 "\"settings\":{\"feed_in\":\"0.4153\",\"roof_share\":\"0.05\","
                 "\"fee_rate\":\"0.01\"}}",
      NULL },
    { "pv_market", "PVMK", "市场化上网", STATION_PV, 1000, 0, 0, 0, false, true,
      { { "export", MIX_SUN, POINT_EXPORT, "ep_exp", "kWh" } },
      { "grid>investor", "investor>grid", "investor>roof_owner", "investor>platform" },
      PV_PARTIES "\"roof_owner\":\"{o:consumer}\"},\"meters\":{\"export\":\"{p:export}\"},"
                 "\"series\":{\"spot\":{\"point\":\"{spot}\",\"digits\":6}},\"settings\":"
                 "{\"mech_ratio\":\"0.8\",\"mech_price\":\"0.4153\",\"market_avg\":\"0.3120\","
                 "\"roof_share\":\"0.05\",\"fee_rate\":\"0.01\"}}",
      NULL },
    { "pv_shared_roof", "PVSR", "一屋顶多用户", STATION_PV, 500, 3, 3, 0, false, true,
      { GEN(MIX_SUN), OUT, { "load#", MIX_USERS, POINT_LOAD, "ep_imp", "kWh" } },
      { "M>investor", "grid>investor", "investor>roof_owner", "investor>platform" },
      PV_PARTIES "\"roof_owner\":\"{o:consumer}\"}," TARIFF
                 "\"meters\":{\"gen\":\"{p:gen}\",\"export\":\"{p:export}\"},\"settings\":"
                 "{\"split_by\":\"load_share\",\"discount\":\"0.90\",\"feed_in\":\"0.4153\","
                 "\"rent\":\"by_area\",\"roof_area\":\"{r:2000:9000:0}\",\"rent_price\":\"0.85\","
                 "\"fee_rate\":\"0.01\"},\"groups\":{\"consumer\":[{m:{\"name\":\"M{i}\",\"org\":"
                 "\"{o:member}\",\"meters\":{\"load\":\"{p:load#}\"},\"settings\":{}}}]}}",
      NULL },
    { "storage_arbitrage", "ESSA", "储能峰谷套利", STATION_STORAGE, 400, 0, 0, 0, false, true,
      { CHARGE, DISCHARGE, USE("gate", MIX_LOAD) },
      { "consumer>investor", "investor>consumer" },
      "{\"parties\":{" ESS_PARTIES "}," TARIFF ESS_METERS
      "\"settings\":{\"investor_share\":\"0.9\",\"negative\":\"carry\",\"rte_min\":\"0.85\","
      "\"rte_price\":\"0.5\"}}",
      NULL },
    { "storage_arbitrage", "ESSD", "储能套利与需量", STATION_STORAGE, 375, 0, 0, 0, false, true,
      { CHARGE, DISCHARGE, USE("gate", MIX_LOAD) },
      { "consumer>investor", "investor>consumer" },
      "{\"parties\":{" ESS_PARTIES "}," TARIFF ESS_METERS
      "\"settings\":{\"investor_share\":\"0.9\",\"negative\":\"carry\",\"demand\":"
      "\"reconstructed\",\"demand_price\":\"48\",\"demand_share\":\"0.8\"}}",
      NULL },
    { "storage_capacity_lease", "ESSL", "储能容量租赁", STATION_STORAGE, 250, 0, 0, 0, false, false,
      { CHARGE },
      { "consumer>investor" },
      "{\"parties\":{" ESS_PARTIES "},\"settings\":{\"capacity\":\"{r:500:4000:0}\",\"rate\":"
      "\"12.5\",\"tiers\":[[\"0\",\"0\"],[\"0.90\",null],[\"0.98\",\"1\"]]}}",
      "{\"settings\":{" LEASE_FACTS "}}" },
    { "storage_combination", "ESSC", "储能组合收益", STATION_STORAGE, 250, 0, 0, 0, false, false,
      { CHARGE, DISCHARGE, USE("gate", MIX_LOAD),
        { "baseline", MIX_BASE, POINT_OTHER, "ep_base", "kWh" } },
      { "consumer>investor", "investor>consumer", "grid>aggregator", "aggregator>investor",
        "aggregator>consumer" },
      "{\"parties\":{" ESS_PARTIES ",\"grid\":\"{o:grid}\",\"aggregator\":\"{o:platform}\"}," TARIFF
          ESS_METERS
      "\"settings\":{\"investor_share\":\"0.9\",\"negative\":\"carry\",\"demand\":"
      "\"reconstructed\",\"demand_price\":\"48\",\"demand_share\":\"0.8\",\"lease\":\"agreed\","
      "\"lease_capacity\":\"500\",\"lease_rate\":\"12.5\",\"lease_tiers\":[[\"0\",\"0\"],"
      "[\"0.90\",null],[\"0.98\",\"1\"]],\"dr_price\":\"2.50\"," DR_TIERS ",\"arbitrage_also\":"
      "false},\"groups\":{\"event\":{\"places\":[{\"name\":\"site\",\"meters\":{\"dr_discharge\":"
      "\"{p:discharge}\",\"dr_charge\":\"{p:charge}\"},\"series\":{\"baseline\":{\"point\":"
      "\"{p:baseline}\",\"digits\":4}}}],\"members\":[]},\"dr_partner\":[{\"name\":\"aggregator\","
      "\"settings\":{\"share\":\"0.15\"}},{\"name\":\"investor\",\"settings\":{\"share\":\"0.65\"}}"
      ",{\"name\":\"consumer\",\"settings\":{\"share\":\"0.20\"}}]}}",
      "{\"settings\":{" LEASE_FACTS "},\"groups\":{\"event\":[{\"name\":\"E1\",\"place\":\"site\","
      "\"from\":\"{e}T19:00\",\"until\":\"{e}T20:00\",\"settings\":{\"declared\":\"{r:200:700:0}\","
      "\"duration\":\"1\"}}]}}" },
    { "dr_storage", "DRES", "储能需求响应", STATION_STORAGE, 100, 0, 0, 0, false, false,
      { CHARGE, DISCHARGE, { "baseline", MIX_BASE, POINT_OTHER, "ep_base", "kWh" } },
      { "grid>aggregator", "aggregator>investor", "aggregator>consumer", "investor>consumer" },
      "{\"parties\":{" ESS_PARTIES ",\"grid\":\"{o:grid}\",\"aggregator\":\"{o:platform}\"},"
      "\"meters\":{\"discharge\":\"{p:discharge}\",\"charge\":\"{p:charge}\"},\"series\":"
      "{\"baseline\":{\"point\":\"{p:baseline}\",\"digits\":4}},\"settings\":{\"declared\":"
      "\"{r:200:700:0}\",\"dr_price\":\"2.50\",\"arbitrage\":\"response_only\",\"investor_share\":"
      "\"0.9\",\"event_price\":\"0.9947\"," DR_TIERS "},\"axis\":\"event\",\"groups\":{\"partner\":"
      "[{\"name\":\"aggregator\",\"settings\":{\"share\":\"0.15\"}},{\"name\":\"investor\","
      "\"settings\":{\"share\":\"0.65\"}},{\"name\":\"consumer\",\"settings\":{\"share\":\"0.20\"}}"
      "]}}",
      "{\"windows\":{\"event\":{\"from\":\"{e}T19:00\",\"until\":\"{e}T20:00\"}}}" },
    { "park", "PARK", "园区转供电", STATION_PARK, 200, 11, 11, 0, false, false,
      { USE("main", MIX_MAIN), { "t#", MIX_LOAD, POINT_LESSEE, "ep_imp", "kWh" } },
      { "M>landlord", "landlord>landlord", "M>platform" },
      "{\"parties\":{\"landlord\":\"{o:investor}\",\"platform\":\"{o:platform}\"}," TARIFF
      "\"meters\":{\"main\":\"{p:main}\"},\"settings\":{\"loss_mode\":\"by_energy\",\"basic_by\":"
      "\"capacity\",\"pf_by\":\"energy_fee\",\"service_fee\":\"0.01\"},\"groups\":{\"lessee\":[{m:"
      "{\"name\":\"M{i}\",\"org\":\"{o:member}\",\"meters\":{\"energy\":\"{p:t#}\"},\"settings\":"
      "{\"area\":\"{r:200:2000:0}\",\"capacity\":\"{r:100:630:0}\"}}}]}}",
      "{\"settings\":{\"basic_fee\":\"{r:9000:90000:2}\",\"pf_adjust\":\"{r:-900:900:2}\","
      "\"days_in_month\":\"{n}\"}}" },
    { "resale", "RESL", "转供电终端售电", STATION_PARK, 60, 4, 12, 0, false, false,
      { { "k#", MIX_LOAD, POINT_LESSEE, "ep_imp", "kWh" } },
      { "M>landlord", "landlord>M", "M>platform" },
      "{\"parties\":{\"landlord\":\"{o:investor}\",\"platform\":\"{o:platform}\"}," TARIFF
      "\"settings\":{\"price_mode\":\"fixed\",\"fixed_price\":\"0.82\",\"price_cap\":\"0.85\","
      "\"service_fee\":\"0.01\",\"basic_mode\":\"per_kva\",\"kva_price\":\"30\",\"surplus\":"
      "\"refund\"},\"groups\":{\"customer\":[{m:{\"name\":\"M{i}\",\"org\":\"{o:member}\","
      "\"meters\":{\"energy\":\"{p:k#}\"},\"settings\":{\"capacity\":\"{r:50:400:0}\"}}}]}}",
      "{\"settings\":{\"grid_bill\":\"{r:300000:600000:2}\"}}" },
    { "wind", "WIND", "分散式风电", STATION_WIND, 40, 0, 0, 0, false, false,
      { GEN(MIX_WIND) },
      { "grid>investor", "investor>grid", "investor>host" },
      "{\"parties\":{\"investor\":\"{o:investor}\",\"grid\":\"{o:grid}\",\"host\":"
      "\"{o:consumer}\"},\"meters\":{\"gen\":\"{p:gen}\"},\"series\":{\"spot\":{\"point\":"
      "\"{spot}\",\"digits\":6}},\"settings\":{\"land_share\":\"0.03\"}}",
      NULL },
    { "building_hosting", "HOST", "建筑能源托管", STATION_BUILDING, 120, 0, 0, 0, false, false,
      { USE("gate", MIX_LOAD) },
      { "owner>host", "host>owner" },
      "{\"parties\":{\"owner\":\"{o:consumer}\",\"host\":\"{o:investor}\"},\"settings\":"
      "{\"monthly_fee\":\"120000\",\"owner_share\":\"0.30\",\"guaranteed\":\"60000\","
      "\"guarantee_by\":\"year\"},\"groups\":{\"fuel\":[{\"name\":\"elec\",\"units\":{\"q\":"
      "{\"unit\":\"kWh\",\"digits\":2}},\"settings\":{\"baseline\":\"120000\",\"base_price\":"
      "\"0.72\",\"sensitive_share\":\"0.40\",\"days_base\":\"295\"}},{\"name\":\"gas\",\"units\":"
      "{\"q\":{\"unit\":\"m3\",\"digits\":2}},\"settings\":{\"baseline\":\"5000\",\"base_price\":"
      "\"3.85\"}}]}}",
      "{\"groups\":{\"fuel\":[{\"name\":\"elec\",\"settings\":{\"actual\":\"{r:90000:125000:2}\","
      "\"unit_price\":\"0.745\",\"days_actual\":\"310\"}},{\"name\":\"gas\",\"settings\":"
      "{\"actual\":\"{r:3900:5200:2}\",\"unit_price\":\"3.85\"}}]}}" },
    { "compressed_air", "AIR", "压缩空气", STATION_COMPRESSOR, 150, 0, 0, 0, false, false,
      { { "flow", MIX_STEADY, POINT_FLOW, "vol", "m3" }, USE("power", MIX_POWER) },
      { "consumer>investor", "investor>consumer" },
      "{\"parties\":{" ESS_PARTIES "}," TARIFF
      "\"meters\":{\"flow\":\"{p:flow}\",\"electricity\":\"{p:power}\"},\"settings\":"
      "{\"price_mode\":\"formula\",\"spec\":\"0.115\",\"margin\":\"0.10\",\"om\":\"0.012\","
      "\"min_take\":\"15000\",\"min_take_price\":\"0.02\",\"metered\":\"electricity\","
      "\"spec_guarantee\":\"0.114\",\"avg_price\":\"0.684\"}}",
      NULL },
    { "heat_supply", "HEAT", "热力供应", STATION_BUILDING, 20, 0, 0, 0, false, false,
      { { "heat", MIX_HEAT, POINT_OTHER, "heat", "GJ" }, USE("pump", MIX_POWER) },
      { "consumer>investor" },
      "{\"parties\":{" ESS_PARTIES "}," TARIFF
      "\"meters\":{\"heat\":\"{p:heat}\",\"pump\":\"{p:pump}\"},\"settings\":{\"heat_price\":"
      "\"62.5\",\"normal_heat\":\"150\",\"normal_days\":\"420\",\"degree_days\":\"399\","
      "\"over_factor\":\"1.2\",\"share\":\"0.40\",\"area\":\"5200\",\"area_fee\":\"1.2\","
      "\"pump_by\":\"metered\"}}",
      NULL },
    { "shore_power", "CALL", "岸电单次", STATION_SHORE, 80, 0, 0, 0, false, false,
      { { "berth", MIX_LOAD, POINT_OTHER, "ep_imp", "kWh" } },
      { "ship>port", "government>port", "port>investor" },
      "{\"parties\":{\"ship\":\"{o:consumer}\",\"port\":\"{o:port}\",\"investor\":"
      "\"{o:investor}\",\"government\":\"{o:government}\"},\"meters\":{\"energy\":\"{p:berth}\"},"
      TARIFF "\"settings\":{\"service_fee\":\"0.35\",\"connect_fee\":\"200\",\"minimum\":\"500\","
      "\"subsidy\":\"0.05\",\"investor_share\":\"0.6\"},\"axis\":\"call\"}",
      "{\"windows\":{\"call\":{\"from\":\"{e}T06:00\",\"until\":\"{e}T21:45\"}}}" },
    { "shore_power_month", "BRTH", "岸电月度", STATION_SHORE, 30, 4, 4, 24, false, false,
      { { "c1", MIX_LOAD, POINT_OTHER, "ep_imp", "kWh" },
        { "c2", MIX_LOAD, POINT_OTHER, "ep_imp", "kWh" } },
      { "M>port", "port>M", "government>port", "port>investor" },
      "{\"parties\":{\"port\":\"{o:port}\",\"investor\":\"{o:investor}\",\"government\":"
      "\"{o:government}\"}," TARIFF "\"settings\":{\"service_fee\":\"0.35\",\"connect_fee\":"
      "\"200\",\"minimum\":\"500\",\"subsidy\":\"0.05\",\"investor_share\":\"0.6\"},\"groups\":"
      "{\"visit\":{\"places\":[{\"name\":\"C1\",\"meters\":{\"energy\":\"{p:c1}\"}},{\"name\":"
      "\"C2\",\"meters\":{\"energy\":\"{p:c2}\"}}],\"members\":[]}}}",
      "{\"groups\":{\"visit\":[{s:{\"name\":\"S{i}\",\"place\":\"C{c}\",\"party\":\"{party}\","
      "\"org\":\"{o:member}\",\"from\":\"{f}\",\"until\":\"{u}\"}}]}}" },
    { "ev_charging_v2g", "EV", "充电与车网互动", STATION_CHARGING, 150, 4, 4, 48, false, false,
      { { "c1", MIX_LOAD, POINT_CHARGE, "ep_imp", "kWh" },
        { "b1", MIX_EVENING, POINT_DISCHARGE, "ep_exp", "kWh" },
        { "c2", MIX_LOAD, POINT_CHARGE, "ep_imp", "kWh" },
        { "b2", MIX_EVENING, POINT_DISCHARGE, "ep_exp", "kWh" } },
      { "M>operator", "operator>M", "operator>site", "operator>investor" },
      "{\"parties\":{\"operator\":\"{o:platform}\"}," TARIFF
      "\"settings\":{\"service_fee\":\"0.40\",\"idle_grace\":\"30\",\"idle_price\":\"0.5\","
      "\"idle_cap\":\"30\",\"v2g_ratio\":\"0.9\",\"wear\":\"0.10\"},\"groups\":{\"session\":"
      "{\"places\":[{\"name\":\"C1\",\"meters\":{\"charge\":\"{p:c1}\",\"discharge\":\"{p:b1}\"}},"
      "{\"name\":\"C2\",\"meters\":{\"charge\":\"{p:c2}\",\"discharge\":\"{p:b2}\"}}],"
      "\"members\":[]},\"partner\":[{\"name\":\"operator\",\"settings\":{\"share\":\"0.5\"}},"
      "{\"name\":\"site\",\"org\":\"{o:consumer}\",\"settings\":{\"share\":\"0.2\"}},{\"name\":"
      "\"investor\",\"org\":\"{o:investor}\",\"settings\":{\"share\":\"0.3\"}}]}}",
      "{\"groups\":{\"session\":[{s:{\"name\":\"S{i}\",\"place\":\"C{c}\",\"party\":\"{party}\","
      "\"org\":\"{o:member}\",\"from\":\"{f}\",\"until\":\"{u}\",\"settings\":{\"idle_minutes\":"
      "\"{r:0:90:0}\"}}}]}}" },
    { "green_certificate", "CERT", "绿证", STATION_PV, 300, 0, 0, 0, false, false,
      { GEN(MIX_SUN) },
      { "buyer>investor", "investor>platform" },
      "{\"parties\":{\"buyer\":\"{o:consumer}\",\"investor\":\"{o:investor}\",\"platform\":"
      "\"{o:platform}\"},\"meters\":{\"gen\":\"{p:gen}\"},\"settings\":{\"unit_price\":\"4.50\","
      "\"agency_fee\":\"0.08\"}}",
      "{\"settings\":{\"ordered\":\"{r:1:9:0}\"}}" },
    { "green_power_aggregation", "GREN", "绿电聚合", STATION_CONSUMER, 24, 5, 8, 0, false, false,
      { { "g#", MIX_SUN, POINT_GENERATION, "ep_exp", "kWh" }, USE("b#", MIX_LOAD) },
      { "aggregator>G", "grid>G", "M>aggregator", "aggregator>M" },
      "{\"parties\":{\"aggregator\":\"{o:platform}\",\"grid\":\"{o:grid}\"},\"settings\":"
      "{\"energy_price\":\"0.4300\",\"env_price\":\"0.0300\",\"margin\":\"0.0020\",\"feed_in\":"
      "\"0.4153\",\"shortfall_price\":\"0.0100\"},\"groups\":{\"station\":[{m:{\"name\":\"G{i}\","
      "\"org\":\"{o:investor}\",\"meters\":{\"gen\":\"{p:g#}\"}}}],\"buyer\":[{m:{\"name\":"
      "\"M{i}\",\"org\":\"{o:member}\",\"meters\":{\"load\":\"{p:b#}\"},\"settings\":"
      "{\"contract_kwh\":\"{r:9000:90000:0}\"}}}]}}",
      NULL },
    { "grid_supply", "GRID", "电网购电", STATION_CONSUMER, 200, 0, 0, 0, false, false,
      { USE("active", MIX_LOAD), Q("q_import"), Q("q_export") },
      { "consumer>grid", "grid>consumer" },
      "{\"parties\":{\"consumer\":\"{o:consumer}\",\"grid\":\"{o:grid}\"}," TARIFF
      "\"meters\":{\"active\":\"{p:active}\",\"reactive_import\":\"{p:q_import}\","
      "\"reactive_export\":\"{p:q_export}\"},\"settings\":{\"funds\":\"0.029\"}}",
      NULL },
    { "basic_fee", "BASE", "基本电费", STATION_CONSUMER, 150, 0, 0, 0, false, false,
      { USE("active", MIX_LOAD) },
      { "consumer>grid" },
      "{\"parties\":{\"consumer\":\"{o:consumer}\",\"grid\":\"{o:grid}\"},\"settings\":{\"mode\":"
      "\"contract_demand\",\"demand_price\":\"48\",\"contract_kw\":\"500\"}}",
      "{\"settings\":{\"max_kw\":\"{r:300:700:2}\"}}" },
    { "power_factor", "PFAC", "力调电费", STATION_CONSUMER, 150, 0, 0, 0, false, false,
      { USE("active", MIX_LOAD), Q("q_import"), Q("q_export") },
      { "consumer>grid", "grid>consumer" },
      "{\"parties\":{\"consumer\":\"{o:consumer}\",\"grid\":\"{o:grid}\"},\"meters\":{\"active\":"
      "\"{p:active}\",\"reactive_import\":\"{p:q_import}\",\"reactive_export\":\"{p:q_export}\"},"
      "\"settings\":{\"standard\":\"s90\"}}",
      "{\"settings\":{\"base\":\"{r:20000:300000:2}\"}}" },
    { 0 },
};
