//! Adding a machine by hand.

use maas_authz::{Access, Action};
use maas_region::{
    machines::{self, NewMachine},
    pools, zones,
};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView},
    input::Input,
    machine,
    machines::power_form,
    preferences::password::FormPage,
    shell::{Section, Shell},
    text::HOME,
    visit::Visit,
};

/// What can be chosen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choices {
    pub(crate) pools: Vec<String>,
    pub(crate) zones: Vec<String>,
}

/// `GET /MAAS/r/machines/add`
pub(crate) async fn show(visit: Visit, input: Input) -> Answer {
    let page = page(&visit, &input, &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/machines/add`
pub(crate) async fn submit(visit: Visit, input: Input) -> Answer {
    if input.text("intent") == "driver" {
        return show(visit, input).await;
    }
    let new = new_machine(&input);
    match visit.run(|region, ctx| async move { machines::create(&region, &ctx, new).await }).await {
        Ok(node) => visit.redirect(&machine::path(&node, ""), &Flash::good(format!("Added {}.", node.hostname))),
        Err(error) => {
            let driver = power_form::chosen(&input, "");
            let errors = power_form::beside(FormErrors::from_error(error)?, driver);
            visit.again(&page(&visit, &input, &errors).await?)
        }
    }
}

fn new_machine(input: &Input) -> NewMachine {
    let given = |name: &str| input.given(name).map(str::to_owned);
    let macs = input.text("mac_addresses").split(|c: char| c == ',' || c.is_whitespace());
    NewMachine {
        hostname: given("hostname"),
        description: input.text("description").to_owned(),
        architecture: input.text("architecture").to_owned(),
        mac_addresses: macs.filter(|mac| !mac.is_empty()).map(str::to_owned).collect(),
        pool: given("pool"),
        zone: given("zone"),
        power: input.given("power_type").map(|_| power_form::read(input)),
        ..NewMachine::default()
    }
}

async fn page(visit: &Visit, sent: &Input, errors: &FormErrors) -> Result<FormPage, Failure> {
    let shell = visit.shell(Section::Machines, "Add machine").await.under("Machines", HOME);
    let choices = choices(visit, Action::EditMachines).await?;
    Ok(assemble(shell, &choices, sent, errors))
}

/// The pools on which the visitor holds an action, and all zones.
pub(crate) async fn choices(visit: &Visit, action: Action) -> Result<Choices, Failure> {
    let (region, ctx) = (visit.region(), &visit.ctx);
    let access: Access = ctx.access();
    let pools = pools::list(region, ctx).await?.into_iter().filter(|pool| access.on_pool(pool.id).has(action));
    let pools = pools.map(|pool| pool.name).collect();
    let zones = zones::list(region, ctx).await.unwrap_or_default().into_iter().map(|zone| zone.name).collect();
    Ok(Choices { pools, zones })
}

pub(crate) fn assemble(shell: Shell, choices: &Choices, sent: &Input, errors: &FormErrors) -> FormPage {
    let driver = if sent.has("power_type") { power_form::chosen(sent, "") } else { "ipmi".parse().ok() };
    let names = |names: &[String]| names.iter().map(|name| Choice::new(name.clone(), name.clone())).collect();
    let or_first = |name: &str, first: &str| sent.given(name).unwrap_or(first).to_owned();
    let form =
        FormView::new("machine", &shell.csrf, "/MAAS/r/machines/add", "Add machine")
            .field(
                Field::text("hostname", "Host name (may stay empty)", sent.text("hostname"))
                    .help("Letters, digits and -. Without one, the machine is given a name of two words."),
            )
            .field(Field::text("mac_addresses", "MAC addresses", sent.text("mac_addresses")).help(
                "Of the interfaces that it boots from, by commas: 52:54:00:12:34:56. With IPMI this may stay empty.",
            ))
            .field(Field::select(
                "architecture",
                "Architecture",
                architectures(),
                &or_first("architecture", "amd64/generic"),
            ))
            .field(Field::select("pool", "Pool", names(&choices.pools), &or_first("pool", "default")))
            .field(Field::select("zone", "Zone", names(&choices.zones), &or_first("zone", "default")))
            .field(Field::text("description", "Notes (may stay empty)", sent.text("description")));
    let form = power_form::fields(form, driver, sent, None)
        .other("intent", "driver", "Show this driver’s fields")
        .cancel(HOME)
        .errors(errors);
    FormPage { shell, lead: Vec::new(), form }
}

/// Those that racks can boot.
pub(crate) fn architectures() -> Vec<Choice> {
    ["amd64/generic", "arm64/generic", "ppc64el/generic", "s390x/generic", "riscv64/generic", "i386/generic"]
        .map(|word| Choice::new(word, word))
        .to_vec()
}
