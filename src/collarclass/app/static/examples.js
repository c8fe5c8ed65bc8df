// Ads to try, written for this page.

export const EXAMPLES = {
  en: [
    { title: "Mechatronics technician", text: "You keep our robot cells running: you read circuit diagrams, program PLCs, replace drives and calibrate sensors, on your feet and with your own hands.\n\nRequirements\n- Associate degree in mechatronics, or a completed apprenticeship with equivalent experience\n- Two years of experience in maintenance\n- Electrical safety certificate preferred\n\nWe offer shift premiums and a workshop full of good tools." },
    { title: "Forklift driver, nights", text: "Load trailers, stack pallets and scan every item that leaves the warehouse. Counterbalance licence required. No qualifications needed, we train you on site. You should be able to lift 20 kg." },
    { title: "Policy analyst", text: "You draft briefings for the board, analyse legislation and present your findings to ministers.\n\nA master's degree in economics, law or political science is required. Three years of experience in a public body are an advantage." },
    { title: "Web designer", text: "" },
  ],
  zh: [
    { title: "数控编程员", text: "岗位职责：\n1. 负责五轴加工中心的编程、调试和首件检验；\n2. 根据图纸制定加工工艺，选择刀具；\n3. 指导操作工排除故障。\n\n任职要求：\n1. 大专及以上学历，数控、机械相关专业；\n2. 两年以上UG编程经验；\n3. 有数控高级工证书者优先。" },
    { title: "电焊工", text: "熟练掌握氩弧焊和二保焊，能看懂图纸，吃苦耐劳，服从加班安排。学历不限，须持焊工证上岗。包吃住，月薪7000元起。" },
    { title: "法务专员", text: "负责合同审核、法律咨询和诉讼材料的准备，为各部门提供法律意见。\n要求：法学本科及以上学历，通过国家法律职业资格考试，三年以上工作经验。" },
    { title: "无人机驾驶员", text: "" },
  ],
};
