# A registrar's day with Debian's Net::EPP::Simple: settings as JSON on stdin, what was seen as JSON on stdout.
use strict;
use warnings;
use utf8;
use JSON::PP;
use Net::EPP::Simple;
use Net::EPP::Frame::Command::Poll::Ack;
use Net::EPP::Frame::Command::Poll::Req;

my $to = decode_json(do { local $/; <STDIN> });
my $epp = Net::EPP::Simple->new(
	host => $to->{host}, port => $to->{port}, user => $to->{account}, pass => $to->{password},
	verify => 1, ca_file => $to->{ca}, cert => $to->{cert}, key => $to->{key}, timeout => 30, load_config => 0,
) or die "login: $Net::EPP::Simple::Error";
my %seen = (server => $epp->greeting->getElementsByTagName('svID')->shift->textContent);

sub done {
	my ($what, $result) = @_;
	die "$what: " . ($Net::EPP::Simple::Error || 'failed') unless defined $result;
	return $result;
}

sub refused {
	my ($result) = @_;
	die 'a command was not refused' if defined $result;
	return $Net::EPP::Simple::Code + 0;
}

# The module writes contact:add and contact:rem even when they are empty, which the schema of RFC 5733 forbids.
sub leave_out_what_is_empty {
	no warnings 'redefine';
	my $written = \&Net::EPP::Simple::_generate_update_contact_frame;
	*Net::EPP::Simple::_generate_update_contact_frame = sub {
		my $frame = $written->(@_);
		for my $part ($frame->add, $frame->rem) {
			$part->parentNode->removeChild($part) unless $part->hasChildNodes;
		}
		return $frame;
	};
}

sub contact {
	my ($id, $name, $email) = @_;
	return {
		id => $id, voice => '+41.446681800', fax => '', email => $email, authInfo => 'contact-secret',
		postalInfo => { loc => {
			name => $name, org => 'Münze AG',
			addr => { street => ['Gässli 1'], city => 'Zürich', sp => 'ZH', pc => '8001', cc => 'CH' },
		} },
	};
}

done('contact', $epp->create_contact(contact('owner-1', 'Anna Müller', 'anna@home.example')));
done('contact', $epp->create_contact(contact('proxy-1', 'Cloak Desk', 'desk@cloak.example')));
my $contact = done('contact', $epp->contact_info('owner-1'));
$seen{name} = $contact->{postalInfo}->{loc}->{name};
$seen{city} = $contact->{postalInfo}->{loc}->{addr}->{city};
$seen{voice} = $contact->{voice};
my $change = { id => 'owner-1', chg => { email => 'anna@work.example' } };
die 'an empty contact:add was taken' unless 2003 == refused($epp->update_contact($change));
leave_out_what_is_empty();
done('contact', $epp->update_contact($change));
$seen{email} = [$contact->{email}, done('contact', $epp->contact_info('owner-1'))->{email}];

done('host', $epp->create_host({ name => 'ns1.elsewhere.example', addrs => [] }));
my $free = done('domain', $epp->check_domain('swap.test'));
done('domain', $epp->create_domain({
	name => 'swap.test', period => 1, registrant => 'owner-1', contacts => { admin => 'owner-1' },
	ns => ['ns1.elsewhere.example'], authInfo => 'domain-secret',
}));
$seen{available} = [$free + 0, done('domain', $epp->check_domain('swap.test')) + 0];
done('host', $epp->create_host({ name => 'ns2.swap.test', addrs => [
	{ ip => '192.0.2.1', version => 'v4' }, { ip => '2001:db8::1', version => 'v6' },
] }));
done('domain', $epp->update_domain({ name => 'swap.test', add => { ns => ['ns2.swap.test'] } }));
$seen{addresses} = [sort map { $_->{addr} } @{ done('host', $epp->host_info('ns2.swap.test'))->{addrs} }];
my $before = done('domain', $epp->domain_info('swap.test'));
$seen{created} = $before->{crDate};
$seen{expires} = $before->{exDate};
$seen{servers} = [sort @{ $before->{ns} }];
$seen{linked} = refused($epp->delete_contact('owner-1'));

done('domain', $epp->update_domain({
	name => 'swap.test', add => { contacts => { admin => 'proxy-1' } },
	rem => { contacts => { admin => 'owner-1' } }, chg => { registrant => 'proxy-1' },
}));
my $after = done('domain', $epp->domain_info('swap.test'));
$seen{registrant} = [$before->{registrant}, $after->{registrant}];
$seen{admin} = [$before->{contacts}->{admin}, $after->{contacts}->{admin}];
done('contact', $epp->delete_contact('owner-1'));

my $message = $epp->request(Net::EPP::Frame::Command::Poll::Req->new);
my $queue = $message->getElementsByTagName('msgQ')->shift;
$seen{message} = $queue->getElementsByTagName('msg')->shift->textContent;
my $ack = Net::EPP::Frame::Command::Poll::Ack->new;
$ack->setMsgID($queue->getAttribute('id'));
my $left = $epp->request($ack)->getElementsByTagName('msgQ')->shift;
$seen{waiting} = [$queue->getAttribute('count') + 0, $left->getAttribute('count') + 0];

done('domain', $epp->update_domain({ name => 'swap.test', rem => { ns => ['ns2.swap.test'] } }));
done('host', $epp->delete_host('ns2.swap.test'));
done('domain', $epp->delete_domain('swap.test'));
done('contact', $epp->delete_contact('proxy-1'));
done('host', $epp->delete_host('ns1.elsewhere.example'));
$seen{gone} = [refused($epp->domain_info('swap.test')), refused($epp->contact_info('proxy-1'))];
done('logout', $epp->logout);
print encode_json(\%seen);
