/**
 * Table: the registers that `prm -n` reads: NVLink's own numbers and sizes, and their parameters with the places of
 * those that are known. Names and order are those that nvidia-smi lists (H200, 580.159.04); numbers, sizes and places
 * are public in the register descriptions of NVIDIA's firmware tools.
 */

/** One parameter: where it lies, if that is known, and whether reading takes it. */
export interface PrmParameter {
  readonly name: string;
  /** Bits from the register's start, counted in words of 32 from their lowest. */
  readonly place?: { readonly bit: number; readonly width: number };
  /** It selects what is read. The others are for writing, or clear something. */
  readonly isKey: boolean;
}

export interface PrmRegister {
  readonly name: string;
  readonly id: number;
  /** Bytes. */
  readonly size: number;
  readonly parameters: readonly PrmParameter[];
}

/** `name@bit:width` is a key, `name@bit:width!` is for writing only, and so is a name alone. */
function parameter(text: string): PrmParameter {
  const [, name = '', bit, width, mark] = /^(\w+)(?:@(\d+):(\d+)(!?))?$/.exec(text) ?? [];
  if (bit === undefined) return { name, isKey: false };
  return { name, place: { bit: Number(bit), width: Number(width) }, isKey: mark === '' };
}

const register = (name: string, id: number, size: number, parameters = ''): PrmRegister => ({
  name,
  id,
  size,
  parameters: parameters
    .split(/\s+/)
    .filter((text) => text !== '')
    .map(parameter),
});

const numbered = (name: string, indexes: readonly number[]): string =>
  indexes.map((index) => `${name}_${index}`).join(' ');

const UP = [0, 1, 2, 3, 4, 5, 6, 7];
const PORT = 'lp_msb@12:2 local_port@16:8';
const PORT_OF = 'lp_msb@12:2 pnat@14:2 local_port@16:8';
const LANE = `port_type@4:4 lane@8:4 ${PORT_OF}`;

export const prmRegisters: readonly PrmRegister[] = [
  register('GHPKT', 0x6802, 0x10, 'trap_id@0:10 action@20:4!'),
  register('MCAM', 0x907f, 0x48, 'access_reg_group@0:8 feature_group@16:8'),
  register('MGIR', 0x9020, 0xa0),
  register(
    'MLPC',
    0x9166,
    0x40,
    `${PORT} cnt_64b@32:4! stop_at_ff@61:1! counter_rst@62:1! counter_en@63:1! force_count_mask
    ${numbered('cnt_type', UP.toReversed())} ${numbered('cnt_val', UP)}`,
  ),
  register(
    'MORD',
    0x9153,
    0xc8,
    `segment_type seq_num vhca_id_valid inline_dump vhca_id index1 index2 num_of_obj2 num_of_obj1 device_opaque mkey
    size address`,
  ),
  register(
    'MPSCR',
    0x910f,
    0x20,
    `warning_inactive_time@32:8! warning_active_time@48:8! critical_inactive_time@64:8! critical_active_time@80:8!
    cc@128:1!`,
  ),
  register('MTCAP', 0x9009, 0x10, 'slot_index@16:4'),
  register('MTECR', 0x9109, 0x60, 'slot_index@60:4'),
  register('MTEIM', 0x9118, 0x30),
  register('MTEWE', 0x910b, 0x5c, 'slot_index@12:4'),
  register('MTIE', 0x911b, 0x30, 'enable_all@0:2! log_delay@32:16!'),
  register('MTIM', 0x911c, 0x10, 'log_level@0:4! log_bit_mask@32:32!'),
  register('MTRC_CAP', 0x9040, 0x84, 'trace_owner'),
  register('MTRC_CONF', 0x9041, 0x80, 'trace_mode@0:4! log_trace_buffer_size@32:8! trace_mkey@64:32!'),
  register('MTRC_CTRL', 0x9043, 0x40, 'modify_field_select@0:16! arm_event@27:1! trace_status@30:2!'),
  register('MTSR', 0x9121, 0x10),
  register(
    'PAOS',
    0x5006,
    0x10,
    `plane_ind@4:4 admin_status@8:4! ${PORT} swid@24:8 e@32:2! fd@40:1! ps_e ls_e ee_ps ee_ls ee@62:1! ase@63:1!`,
  ),
  register('PDDR', 0x5031, 0x100, `port_type@4:4 plane_ind@8:4 ${PORT_OF} page_select@32:8 module_info_ext`),
  register('PGUID', 0x5066, 0x60, PORT_OF),
  register('PLIB', 0x500a, 0x10, `ib_port@0:10! ${PORT} split_num`),
  register(
    'PLTC',
    0x5046,
    0x10,
    `lane_mask@0:8 ${PORT_OF} local_tx_precoding_admin local_rx_precoding_admin`,
  ),
  register(
    'PMAOS',
    0x5012,
    0x10,
    'admin_status@8:4! module@16:8 slot_index@24:4 rst@31:1! e@32:2! ee@62:1! ase@63:1!',
  ),
  register('PMLP', 0x5002, 0x40, `width@0:8! plane_ind@8:4 ${PORT} m_lane_m@28:1! rxtx@31:1!`),
  register('PMTU', 0x5003, 0x10, `itre i_e@4:2 ${PORT} protocol admin_mtu`),
  register(
    'PPAOS',
    0x5040,
    0x10,
    `port_type@4:4 phy_test_mode_admin@8:4! ${PORT} swid@24:8 plane_ind phy_status_admin`,
  ),
  register(
    'PPCNT',
    0x5008,
    0x100,
    `grp@0:6 port_type@8:4 ${PORT_OF} swid@24:8 prio_tc@32:5 grp_profile@37:3 plane_ind@40:4 counters_cap@61:1
    lp_gl@62:1 clr@63:1!`,
  ),
  register('PPHCR', 0x503e, 0x50, `plane_ind@4:4 port_type@8:4 ${PORT_OF} hist_type@32:4`),
  register(
    'PPLM',
    0x5023,
    0x50,
    `test_mode plr_vld plane_ind port_type@8:4 ${PORT_OF} plr_reject_mode_vld plr_margin_th_override_to_default
    plr_reject_mode fec_override_admin_10g_40g fec_override_admin_25g fec_override_admin_50g fec_override_admin_100g
    fec_override_admin_56g rs_fec_correction_bypass_admin fec_override_admin_200g_4x fec_override_admin_400g_8x
    fec_override_admin_50g_1x fec_override_admin_100g_2x fec_override_admin_400g_4x fec_override_admin_800g_8x
    fec_override_admin_100g_1x fec_override_admin_200g_2x`,
  ),
  register('PPLR', 0x5018, 0x8, `plane_ind port_type@4:4 op_mod@8:1! apply_im ${PORT} lb_en`),
  register(
    'PPRT',
    0x5037,
    0x24,
    `le@0:1 ${LANE} sw@25:1! dm_ig@26:1! p@28:1! s@30:1! e@31:1! modulation@64:4! prbs_mode_admin@88:8!
    lane_rate_oper@144:16!`,
  ),
  register(
    'PPSLC',
    0x50e2,
    0x34,
    `${PORT} l1_req_en@32:1! l1_fw_req_en@64:1! l1_cap_adv@68:1! l1_fw_cap_adv@72:1! hp_queues_bitmap@128:32!
    l1_hw_active_time@192:10! l1_hw_inactive_time@224:10! ${numbered('qem', UP)}`,
  ),
  register('PPSLS', 0x50e3, 0x8, 'local_port@16:8 lp_msb@12:2'),
  register(
    'PPTT',
    0x5036,
    0x1c,
    `le@0:1 ${LANE} sw@25:1! dm_ig@26:1! p@28:1! e@31:1! modulation@64:4! prbs_mode_admin@88:8! prbs_fec_admin@128:1!
    lane_rate_admin@144:16!`,
  ),
  register(
    'PTYS',
    0x5004,
    0x44,
    `proto_mask@0:3 transmit_allowed@3:1! plane_ind@4:4 port_type@8:4 ${PORT} tx_ready_e@26:2! ee_tx_ready@28:1!
    an_disable_admin@30:1! ext_eth_proto_admin eth_proto_admin ib_proto_admin ib_link_width_admin xdr_2x_slow_admin
    force_lt_frames_admin`,
  ),
  register('SLRG', 0x5028, 0x28, LANE),
  register(
    'SLTP',
    0x5027,
    0x4c,
    'c_db@0:1! port_type@1:3 lane_speed lane@8:4 tx_policy pnat@14:2 local_port@16:8 lp_msb@30:2',
  ),
];
