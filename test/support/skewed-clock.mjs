// Loaded before a server (node --import): its clock is wrong by MURMURATION_TEST_SKEW_MS, in every thread.
const trueNow = Date.now;
const skewMs = Number(process.env.MURMURATION_TEST_SKEW_MS);
Date.now = () => trueNow() + skewMs;
